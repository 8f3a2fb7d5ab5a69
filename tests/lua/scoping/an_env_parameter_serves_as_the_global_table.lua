local function area(_ENV) return width * height end
print(area {width = 3, height = 4})  -- expect: 12
