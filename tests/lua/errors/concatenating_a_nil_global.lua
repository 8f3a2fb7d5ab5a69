print(missing .. "!")  -- expect error: attempt to concatenate a nil value (global 'missing')
