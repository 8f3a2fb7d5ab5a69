package.path = "./modules/?.lua"
print(pcall(require, "failing"))  -- expect: false	./modules/failing.lua:1: cannot start
print(package.loaded.failing)     -- expect: nil
