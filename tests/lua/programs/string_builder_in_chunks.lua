local Builder = {}
Builder.__index = Builder
Builder.__len = function(self) return self.length end
Builder.__tostring = function(self) return table.concat(self.parts) end
Builder.__concat = function(a, b) return tostring(a) .. tostring(b) end

local function builder() return setmetatable({parts = {}, length = 0}, Builder) end

function Builder:add(text, ...)
  if select("#", ...) > 0 then text = text:format(...) end
  self.parts[#self.parts + 1] = text
  self.length = self.length + #text
  return self
end

local b = builder()
for i = 1, 200 do b:add("%d,", i) end
b:add("end")
print(#b, tostring(b):sub(1, 12), tostring(b):sub(-8))       -- expect: 695	1,2,3,4,5,6,	,200,end
print(builder():add("x") .. "y", "z" .. builder():add("w"))  -- expect: xy	zw
