local x <const> = 1
do local x = 2 x = x + 1 print(x) end  -- expect: 3
print(x)                               -- expect: 1
