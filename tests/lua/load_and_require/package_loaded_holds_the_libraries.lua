print(package.loaded.string == string, package.loaded._G == _G)  -- expect: true	true
print(require("math") == math)                                   -- expect: true
