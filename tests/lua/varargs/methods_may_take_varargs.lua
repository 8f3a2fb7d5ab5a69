local list = {}
function list:push(...) for _, v in ipairs {...} do self[#self + 1] = v end return self end
print(#list:push(1, 2):push():push(3))  -- expect: 3
