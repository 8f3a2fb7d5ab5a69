package.path = "./modules/?.lua"
print(require("shapes.square").sides)  -- expect: 4
