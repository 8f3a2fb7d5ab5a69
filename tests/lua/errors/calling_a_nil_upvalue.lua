local f
(function()
  f()  -- expect error: attempt to call a nil value (upvalue 'f')
end)()
