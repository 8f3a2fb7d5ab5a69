-- reference needs: lfs
print(package.loaded.lfs, lfs)          -- expect: nil	nil
local lfs = require "lfs"
print(lfs == package.loaded.lfs, lfs == _G.lfs, lfs._VERSION)  -- expect: true	true	LuaFileSystem 1.8.0
local names = {}
for name, value in pairs(lfs) do
  if type(value) == "function" then names[#names + 1] = name end
end
table.sort(names)
print(table.concat(names, " "))
-- expect: attributes chdir currentdir dir link lock lock_dir mkdir rmdir setmode symlinkattributes touch unlock
