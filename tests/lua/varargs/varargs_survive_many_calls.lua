local function rest(_, ...) return ... end
local function length(...)
  if select("#", ...) == 0 then return 0 end
  return 1 + length(rest(...))
end
print(length(table.unpack({}, 1, 100)))  -- expect: 100
