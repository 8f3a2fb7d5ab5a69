local function f(...) return ..., "end" end
print(f(1, 2))  -- expect: 1	end
print(f())      -- expect: nil	end
