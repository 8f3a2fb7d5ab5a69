local f = load("return 1 + 1")
print(f(), type(f))  -- expect: 2	function
