local n = 5
print(n.x)  -- expect error: attempt to index a number value (local 'n')
