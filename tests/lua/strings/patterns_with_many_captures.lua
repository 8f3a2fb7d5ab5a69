local p = ("(.)"):rep(32)
print(select("#", ("x"):rep(32):match(p)))                  -- expect: 32
print(pcall(string.match, ("x"):rep(40), ("(.)"):rep(33)))  -- expect: false	too many captures
