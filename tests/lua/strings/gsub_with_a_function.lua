print(("1 2 3"):gsub("%d", function(d) return d * 2 end))  -- expect: 2 4 6	3
print(("a b"):gsub("%a", function(c) if c == "a" then return nil end return false end))  -- expect: a b	2
print(("k=v"):gsub("(%w)=(%w)", function(k, v) return v .. "=" .. k end))  -- expect: v=k	1
