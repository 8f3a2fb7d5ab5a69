print(pcall(os.time, {year = 2024}))  -- expect: false	field 'month' missing in date table
