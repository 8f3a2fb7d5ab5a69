i = "global"
for i = 1, 1 do print(i) end  -- expect: 1
print(i)                      -- expect: global
