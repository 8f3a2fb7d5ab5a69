error({code = 1})  -- expect bare error: (error object is a table value)
