for i = 1, math.huge do if i > 3 then print(i) break end end         -- expect: 4
for i = 1, -math.huge do print("never") end
for i = -1, -math.huge, -1 do if i < -3 then print(i) break end end  -- expect: -4
