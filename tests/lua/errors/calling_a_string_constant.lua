("text")()  -- expect error: attempt to call a string value (constant 'text')
