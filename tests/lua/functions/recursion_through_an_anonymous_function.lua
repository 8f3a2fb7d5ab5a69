local fix = function(f) return (function(x) return x(x) end)(function(x)
  return f(function(n) return x(x)(n) end)
end) end
print(fix(function(self) return function(n) return n < 2 and n or self(n - 1) + self(n - 2) end end)(15))  -- expect: 610
