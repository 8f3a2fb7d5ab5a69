local mt = {__close = function(self, e) print(self.name, e) end}
do local a <close> = setmetatable({name = "a"}, mt) end  -- expect: a	nil
pcall(function()
  local b <close> = setmetatable({name = "b"}, mt)
  error("failed", 0)                                     -- expect: b	failed
end)
