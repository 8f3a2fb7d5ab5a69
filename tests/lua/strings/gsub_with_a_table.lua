print(("$name is $age"):gsub("%$(%w+)", {name = "Ann", age = 30}))  -- expect: Ann is 30	2
print(("a b c"):gsub("%a", {a = false, b = "B"}))                   -- expect: a B c	3
