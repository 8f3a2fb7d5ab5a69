local s = ""
for i = 1, 100 do s = s .. i % 10 end
print(#s, s:sub(1, 12))  -- expect: 100	123456789012
