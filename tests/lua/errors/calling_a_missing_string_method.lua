local s = "text"
s:missing()  -- expect error: attempt to call a nil value (method 'missing')
