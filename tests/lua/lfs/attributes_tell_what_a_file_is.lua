-- reference needs: lfs
local lfs = require "lfs"
local path = os.tmpname()
local file <close> = io.open(path, "w")
file:write("hello"):close()
print(lfs.attributes(path, "mode"), lfs.attributes(path, "size"), lfs.attributes(path).permissions) -- expect: file	5	rw-------
print(lfs.attributes("/", "mode"), lfs.attributes("/dev/null").mode)       -- expect: directory	char device
print(math.type(lfs.attributes(path, "modification")))                    -- expect: integer
local names = {}
for name in pairs(lfs.attributes(path)) do names[#names + 1] = name end
table.sort(names)
print(table.concat(names, " "))
-- expect: access blksize blocks change dev gid ino mode modification nlink permissions rdev size uid
local filled = setmetatable({kept = 1}, {__newindex = error})
print(lfs.attributes(path, filled) == filled, filled.kept, filled.size)    -- expect: true	1	5
print(lfs.attributes("none", "mode"))  -- expect: nil	cannot obtain information from file 'none': No such file or directory	2
print(pcall(lfs.attributes))           -- expect: false	bad argument #1 to 'lfs.attributes' (string expected, got no value)
os.remove(path)
lfs.attributes("/", "colour")          -- expect error: invalid attribute name 'colour'
