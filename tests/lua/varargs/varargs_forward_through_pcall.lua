local function f(...) return select("#", ...), ... end
print(pcall(f, nil, 2, nil))            -- expect: true	3	nil	2	nil
print(select("#", pcall(f, nil, nil)))  -- expect: 4
