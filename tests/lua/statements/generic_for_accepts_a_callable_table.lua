local counter = setmetatable({n = 0}, {__call = function(self)
  self.n = self.n + 1
  if self.n <= 3 then return self.n end
end})
for i in counter do io.write(i, " ") end
print()  -- expect: 1 2 3
