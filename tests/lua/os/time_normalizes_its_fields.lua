local d = {year = 2024, month = 14, day = -3, hour = 12}
os.time(d)
print(d.year, d.month, d.day, d.yday, d.wday)  -- expect: 2025	1	28	28	3
