local function make(x) io.write(x, " ") return function() io.write("call ") end end
make("f")(make("a"), make("b"))
print()  -- expect: f a b call
