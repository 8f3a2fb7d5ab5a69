local count = 0
local object = {get = function(self) return self ~= nil end}
local function fetch() count = count + 1 return object end
print(fetch():get(), count)  -- expect: true	1
