local mask
print(mask | 1)  -- expect error: attempt to perform bitwise operation on a nil value (local 'mask')
