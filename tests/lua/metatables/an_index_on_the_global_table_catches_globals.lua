setmetatable(_G, {__index = function(_, k) return "no " .. k end, __newindex = function(_, k, v)
  rawset(_G, k, v .. "!")
end})
print(foo)  -- expect: no foo
foo = "set"
print(foo)  -- expect: set!
