print(("ab"):rep(3), ("ab"):rep(3, "-"), ("ab"):rep(1, "-"))            -- expect: ababab	ab-ab-ab	ab
print(("ab"):rep(0) == "", ("ab"):rep(-1) == "", (""):rep(1000) == "")  -- expect: true	true	true
