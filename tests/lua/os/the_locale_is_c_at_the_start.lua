print(os.setlocale())  -- expect: C
print(os.setlocale(nil, "ctype"))  -- expect: C
