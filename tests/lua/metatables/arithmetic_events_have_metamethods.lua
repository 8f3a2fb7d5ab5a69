local mt = {}
for _, name in ipairs {"add", "sub", "mul", "div", "mod", "pow", "idiv"} do
  mt["__" .. name] = function(a, b) return name end
end
local o = setmetatable({}, mt)
print(o + 1, o - 1, o * 1, o / 1, o % 1, o ^ 1, o // 1)  -- expect: add	sub	mul	div	mod	pow	idiv
print(1 + o, 2.5 - o, "x" * o)                           -- expect: add	sub	mul
