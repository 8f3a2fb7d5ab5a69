local function fact(n) return n <= 1 and 1 or n * fact(n - 1) end
print(fact(10))  -- expect: 3628800
local broken = function() return broken end
print(broken())  -- expect: nil
