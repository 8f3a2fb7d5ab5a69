local o = setmetatable({name = "o"}, {__call = function(self, ...) return self.name, ... end})
print(o(1, 2))      -- expect: o	1	2
print(pcall(o, 3))  -- expect: true	o	3
