local t = {1, 2, 3}
print(#t * 2, -#t + 1)  -- expect: 6	-2
