local ops = {add = function(a, b) return a + b end, neg = function(a) return -a end}
print(ops.add(1, 2), ops.neg(3))           -- expect: 3	-3
print((function(x) return x * 2 end)(21))  -- expect: 42
