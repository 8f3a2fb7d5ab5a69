print(undefined.x)  -- expect error: attempt to index a nil value (global 'undefined')
