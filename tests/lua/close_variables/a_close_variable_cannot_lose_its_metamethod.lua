local x = setmetatable({}, {__close = print})
local ok, e = pcall(function()
  local y <close> = x
  getmetatable(x).__close = nil
end)
print(ok, (e:gsub("^.-:%d+: ", "")))  -- expect: false	attempt to call a nil value (metamethod 'close')
