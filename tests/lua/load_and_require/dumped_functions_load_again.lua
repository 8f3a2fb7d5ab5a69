local function add(a, b) return a + b end
local copy = load(string.dump(add), "copy", "b")
print(copy(2, 3))  -- expect: 5
