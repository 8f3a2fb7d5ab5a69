local function depth(n) if n == 0 then return 0 end return depth(n - 1) + 1 end
print(depth(10), depth(1000), depth(10000))  -- expect: 10	1000	10000
