local x = 1
do local x = 2 print(x) end  -- expect: 2
print(x)                     -- expect: 1
