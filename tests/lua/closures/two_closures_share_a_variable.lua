local function cell(value)
  return function() return value end, function(v) value = v end
end
local get, set = cell(1)
set(5)
print(get())  -- expect: 5
