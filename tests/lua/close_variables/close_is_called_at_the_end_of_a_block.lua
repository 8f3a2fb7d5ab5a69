local function closing(name) return setmetatable({}, {__close = function() print("close " .. name) end}) end
do
  local a <close> = closing("a")
  print("body")  -- expect: body
end              -- expect: close a
print("after")   -- expect: after
