-- Penlight's modules for files and folders, which are made of LuaFileSystem.
local path, dir, file = require "pl.path", require "pl.dir", require "pl.file"

local root = path.tmpname()
os.remove(root)
local function show(...) print((table.concat({...}, " "):gsub(root, "ROOT", nil))) end

print(dir.makepath(path.join(root, "a", "b")), path.isdir(root), path.isfile(root), path.exists(root .. "/none"))
for name, text in pairs{["one.lua"] = "return 1", ["a/two.lua"] = "return 22", ["a/b/three.txt"] = "33"} do
  file.write(path.join(root, name), text)
end
local function sorted(names)
  table.sort(names)
  return table.unpack(names)
end
show(sorted(dir.getallfiles(root)))
show(sorted(dir.getallfiles(root, "*.lua")))
show(sorted(dir.getdirectories(root)))
for folder, folders, files in dir.walk(root) do show(folder, #folders, sorted(files)) end
print(path.getsize(root .. "/a/two.lua"), file.read(root .. "/one.lua"), path.islink(root))
print(dir.fnmatch("a.lua", "*.lua"), path.splitext("x/y.tar.gz"), path.normpath("a/./b/../c"))
show(path.abspath("x", root), path.relpath(root .. "/a/b", root .. "/a"))
print(file.copy(root .. "/one.lua", root .. "/copy.lua"), path.isfile(root .. "/copy.lua"))
local here = path.currentdir()
print(path.chdir(root), path.currentdir() ~= here, path.chdir(here), path.currentdir() == here)
print(dir.rmtree(root), path.exists(root))
print(pcall(dir.getfiles, root .. "/none") == false)
