local function nested(n) return load("return " .. ("a .. "):rep(n) .. "a") end
print(type(nested(50)))              -- expect: function
local f, message = nested(1000)
print(f, message:match("overflow"))  -- expect: nil	overflow
