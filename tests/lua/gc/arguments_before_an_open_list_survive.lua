local function first(value) return value end
local function run(...)
  local argument = first({"argument"}, collectgarbage(), ...)
  local list = {{"item"}, collectgarbage(), ...}
  print(argument[1], list[1][1]) -- expect: argument	item
  return {"result"}, collectgarbage(), ...
end
print(run(1, 2)[1]) -- expect: result
