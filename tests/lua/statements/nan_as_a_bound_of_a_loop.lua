for x = 0/0, 1 do print(x ~= x) end -- expect: true
for x = 1, 0/0, 0.5 do print(x) end -- expect: 1.0
for i = 1, 0/0 do print(i) end
for i = math.mininteger + 1, 0/0, -1 do print(i) end -- expect: -9223372036854775807
-- expect: -9223372036854775808
