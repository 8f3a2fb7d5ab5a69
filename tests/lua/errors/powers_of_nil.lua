local base
print(2 ^ base)  -- expect error: attempt to perform arithmetic on a nil value (local 'base')
