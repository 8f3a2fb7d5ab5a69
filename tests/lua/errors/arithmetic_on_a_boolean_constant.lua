local a = 1
print(a + true)  -- expect error: attempt to perform arithmetic on a boolean value
