local function many() return table.unpack({}, 1, 120) end
local function items() return 1, 2, 3 end
local t = {0, items()}
print(#t, #{items(), items()}, #{(items())}, #{many(), 1})  -- expect: 4	4	1	2
