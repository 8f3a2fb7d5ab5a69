local a, b = 1, {}
print(a * b)  -- expect error: attempt to perform arithmetic on a table value (local 'b')
