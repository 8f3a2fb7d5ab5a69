local getters = {}
local i = 1
::again::
local x = i * 10
getters[i] = function() return x end
i = i + 1
if i <= 3 then goto again end
print(getters[1](), getters[2](), getters[3]())  -- expect: 10	20	30
