package.path = "./modules/?.lua"
print(require("returns_nothing"), was_loaded)  -- expect: true	yes
