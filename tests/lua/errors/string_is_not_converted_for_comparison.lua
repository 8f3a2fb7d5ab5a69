local a, b = "10", 9
print(a > b)  -- expect error: attempt to compare number with string
