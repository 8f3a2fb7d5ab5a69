local function address(text) return string.format("%p", text) end
local outer = "01234567890123456789012345678901234567890123456789"
local function inner() return "01234567890123456789012345678901234567890123456789" end
print(address(outer) == address(inner())) -- expect: true
local made = "0123456789" .. string.sub(outer, 11)
print(made == outer, address(made) == address(outer)) -- expect: true	false
