local function count(...) return select("#", ...) end
print(count(nil, nil), count(), count(1, nil))  -- expect: 2	0	2
