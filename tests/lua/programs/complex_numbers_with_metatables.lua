local Complex = {}
Complex.__index = Complex
local function complex(re, im) return setmetatable({re = re, im = im or 0}, Complex) end
local function lift(x) return type(x) == "number" and complex(x) or x end

function Complex.__add(a, b) a, b = lift(a), lift(b) return complex(a.re + b.re, a.im + b.im) end
function Complex.__sub(a, b) a, b = lift(a), lift(b) return complex(a.re - b.re, a.im - b.im) end
function Complex.__mul(a, b)
  a, b = lift(a), lift(b)
  return complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
end
function Complex.__unm(a) return complex(-a.re, -a.im) end
function Complex.__eq(a, b) return a.re == b.re and a.im == b.im end
function Complex.__len(a) return math.sqrt(a.re * a.re + a.im * a.im) end
function Complex.__tostring(a) return ("%g%+gi"):format(a.re, a.im) end

local i = complex(0, 1)
print(i * i == complex(-1), (1 + 2 * i) * (3 - i), -i)  -- expect: true	5+5i	0-1i
print(#complex(3, 4), 2 + i - 2 == i)                   -- expect: 5.0	true
