local fs = {}
for _, v in ipairs {"a", "b", "c"} do fs[#fs + 1] = function() return v end end
print(fs[1](), fs[2](), fs[3]())  -- expect: a	b	c
