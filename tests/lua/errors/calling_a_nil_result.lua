local function f() end
f()()  -- expect error: attempt to call a nil value
