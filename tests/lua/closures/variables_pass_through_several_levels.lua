local function a(x)
  return function(y)
    return function(z) x = x + 1 return x + y + z end
  end
end
local f = a(1)(10)
print(f(100), f(100))  -- expect: 112	113
