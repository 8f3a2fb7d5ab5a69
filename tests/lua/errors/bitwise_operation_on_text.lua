print("a" & 1)  -- expect error: attempt to perform bitwise operation on a string value (constant 'a')
