local mt = {}
for _, name in ipairs {"band", "bor", "bxor", "shl", "shr", "bnot"} do
  mt["__" .. name] = function() return name end
end
local o = setmetatable({}, mt)
print(o & 1, o | 1, o ~ 1, o << 1, o >> 1, ~o)  -- expect: band	bor	bxor	shl	shr	bnot
print(1 & o, 1 << o, 1.5 >> o)                  -- expect: band	shl	shr
