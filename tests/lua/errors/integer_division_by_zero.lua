local a = 1 print(a // 0)  -- expect error: attempt to divide by zero
