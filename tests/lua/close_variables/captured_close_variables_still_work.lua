local get
do
  local x <close> = setmetatable({v = 1}, {__close = function(self) self.v = self.v + 1 end})
  get = function() return x.v end
end
print(get())  -- expect: 2
