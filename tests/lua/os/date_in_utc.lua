print(os.date("!%Y-%m-%d %H:%M:%S", 0))     -- expect: 1970-01-01 00:00:00
print(os.date("!%d/%m/%y %j", 86400 * 59))  -- expect: 01/03/70 060
