error()  -- expect bare error: (error object is a nil value)
