local co = coroutine.wrap(function()
  do local x <close> = setmetatable({}, {__close = function() coroutine.yield("closing") end}) end
  return "done"
end)
print(co())  -- expect: closing
print(co())  -- expect: done
