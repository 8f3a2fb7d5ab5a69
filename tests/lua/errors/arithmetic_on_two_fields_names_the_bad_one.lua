local t = {a = 1}
print(t.a + t.b)  -- expect error: attempt to perform arithmetic on a nil value (field 'b')
