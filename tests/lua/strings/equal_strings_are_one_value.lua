local a = "ab" .. "cd"
local long = ("x"):rep(100)
print(a == "abcd", long == ("x"):rep(50) .. ("x"):rep(50), ({[long] = 1})[("x"):rep(100)])  -- expect: true	true	1
