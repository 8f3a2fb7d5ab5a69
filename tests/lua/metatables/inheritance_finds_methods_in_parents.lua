local Base = {} Base.__index = Base
function Base.new(class, n) return setmetatable({n = n}, class) end
function Base:get() return self.n end
local Derived = setmetatable({}, {__index = Base}) Derived.__index = Derived
function Derived:get() return Base.get(self) * 2 end
print(Base:new(1):get(), Derived:new(2):get())  -- expect: 1	4
