local function sign(x) return x > 0 and "+" or x < 0 and "-" or "0" end
print(sign(3), sign(-3), sign(0))  -- expect: +	-	0
