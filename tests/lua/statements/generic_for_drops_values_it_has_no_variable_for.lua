local function once(_, done) if not done then return 1, 2, 3 end end
for a in once do print(a) end                    -- expect: 1
for a, b, c, d in once do print(a, b, c, d) end  -- expect: 1	2	3	nil
