print(type(1), type("s"), type({}), type(print))                               -- expect: number	string	table	function
print(type(nil), type(false), type(coroutine.create(print)), type(io.stdout))  -- expect: nil	boolean	thread	userdata
