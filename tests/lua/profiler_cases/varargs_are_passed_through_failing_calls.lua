local function pass(n, ...) if n == 0 then return select("#", ...), ... end return pass(n - 1, n, ...) end
print(pcall(pass, 5, "end"))          -- expect: true	6	1	2	3	4	5	end
print(pcall(pass, 5, nil))            -- expect: true	6	1	2	3	4	5	nil
print(select("#", pcall(pass, 100)))  -- expect: 102
