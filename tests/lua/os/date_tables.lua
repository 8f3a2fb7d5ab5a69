local d = os.date("!*t", 1e9)
print(d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday, d.yday, d.isdst)  -- expect: 2001	9	9	1	46	40	1	252	false
