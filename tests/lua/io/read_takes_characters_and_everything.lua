-- stdin: hello world
-- stdin: next
print(io.read(5), io.read(1) == " ", io.read("L"))
-- expect: hello	true	world
-- expect:
print(io.read("a"), io.read("a") == "", io.read(1), io.read(0))
-- expect: next
-- expect: 	true	nil	nil
