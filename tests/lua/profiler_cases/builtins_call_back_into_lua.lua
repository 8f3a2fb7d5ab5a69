local calls = 0
local function order(a, b) calls = calls + 1 return a < b end
local t = {5, 2, 4}
table.sort(t, order)
local s = ("a-b-c"):gsub("%a", function(c) calls = calls + 100 return c:upper() end)
local r = select(2, pcall(xpcall, function() calls = calls + 1000 error("e") end, function() calls = calls + 1000 return "h" end))
print(table.concat(t, " "), s, r, calls >= 2300)  -- expect: 2 4 5	A-B-C	false	true
