print(getmetatable("").__index == string)      -- expect: true
print(("x").len == string.len, ("x").nothing)  -- expect: true	nil
string.shout = function(s) return s:upper() .. "!" end
print(("hey"):shout())                         -- expect: HEY!
