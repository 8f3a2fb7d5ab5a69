local meta = {__lt = function(a, b) return a.value < b.value end}
local one, two = setmetatable({value = 1}, meta), setmetatable({value = 2}, meta)
print(one <= two, two <= one, one <= one, one >= two) -- expect: true	false	true	false
if not (two <= one) then print("greater") end -- expect: greater
meta.__lt = function(a, b) return coroutine.yield("asked") end
local resume = coroutine.wrap(function() return one <= two end)
print(resume()) -- expect: asked
print(resume(true)) -- expect: false
