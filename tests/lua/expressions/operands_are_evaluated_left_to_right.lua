local function tell(x) io.write(x, " ") return x end
print(tell(1) + tell(2) * tell(3))  -- expect: 1 2 3 7
print(tell(1) < tell(2))            -- expect: 1 2 true
print(tell(2) > tell(1))            -- expect: 2 1 true
