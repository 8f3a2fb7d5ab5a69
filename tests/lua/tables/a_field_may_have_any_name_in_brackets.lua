local t = {["end"] = 1, [" "] = 2, [""] = 3}
print(t["end"], t[" "], t[""])  -- expect: 1	2	3
