local parent, meta = { kind = "parent" }, {}
local object = setmetatable({}, meta)
local function kind() return object.kind end
function parent:name() return "method" end
print(kind())                                 -- expect: nil
meta.__index = parent
print(kind(), object:name())                  -- expect: parent	method
meta.__index = setmetatable({}, { __index = parent })
print(kind(), object:name())                  -- expect: parent	method
meta.__index = function(_, key) return key end
print(kind())                                 -- expect: kind
setmetatable(meta, meta).__index = meta
print(object.kind)                            -- expect error: '__index' chain too long; possible loop
