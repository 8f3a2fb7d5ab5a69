local a
print(a + 1)  -- expect error: attempt to perform arithmetic on a nil value (local 'a')
