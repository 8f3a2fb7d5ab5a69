print("[" .. ("abc"):sub(0) .. "]", "[" .. ("abc"):sub(4) .. "]")  -- expect: [abc]	[]
print(("abc"):sub(-100, 100), ("abc"):sub(3, 2) == "")             -- expect: abc	true
print(("abc"):sub(math.mininteger, math.maxinteger))               -- expect: abc
