local t = os.time {year = 2024, month = 6, day = 15, hour = 12}
print(math.type(t), os.date("%Y-%m-%d %H", t))  -- expect: integer	2024-06-15 12
