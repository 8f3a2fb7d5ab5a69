local function spin(n) if n == 0 then error("spun out", 0) end return spin(n - 1) end
for _ = 1, 3 do print(pcall(spin, 500)) end
-- expect: false	spun out
-- expect: false	spun out
-- expect: false	spun out
