local function class(parent)
  local c = setmetatable({}, {
    __index = parent,
    __call = function(c, ...)
      local object = setmetatable({}, c)
      object:init(...)
      return object
    end,
  })
  c.__index = c
  c.__tostring = parent and parent.__tostring
  return c
end

local Shape = class()
function Shape:init(name) self.name = name end
function Shape:area() return 0 end
function Shape:describe() return self.name .. " of area " .. self:area() end
Shape.__tostring = function(self) return "<" .. self.name .. ">" end

local Rectangle = class(Shape)
function Rectangle:init(width, height)
  Shape.init(self, "rectangle")
  self.width, self.height = width, height
end
function Rectangle:area() return self.width * self.height end

local Square = class(Rectangle)
function Square:init(side)
  Rectangle.init(self, side, side)
  self.name = "square"
end

print(Shape("point"):describe())                  -- expect: point of area 0
print(Rectangle(2, 3):describe())                 -- expect: rectangle of area 6
print(Square(4):describe(), tostring(Square(1)))  -- expect: square of area 16	<square>
