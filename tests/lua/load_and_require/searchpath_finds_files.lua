print(package.searchpath("counter", "./modules/?.lua"))  -- expect: ./modules/counter.lua
print(package.searchpath("a.b", "./?.x;./?.y"))
-- expect: nil	no file './a/b.x'
-- expect: 	no file './a/b.y'
