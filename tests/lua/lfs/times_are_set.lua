-- reference needs: lfs
local lfs = require "lfs"
local path = os.tmpname()
local function times() return lfs.attributes(path, "access"), lfs.attributes(path, "modification") end
print(lfs.touch(path, 1000, 2000), times())                         -- expect: true	1000	2000
print(lfs.touch(path, 3000), times())                               -- expect: true	3000	3000
print(lfs.touch(path, nil, 77), times())                            -- expect: true	0	77
print(lfs.touch(path), math.abs(select(2, times()) - os.time()) < 10)  -- expect: true	true
os.remove(path)
print(lfs.touch("none"))                                            -- expect: nil	No such file or directory	2
lfs.touch(path, "soon")               -- expect error: bad argument #2 to 'touch' (number expected, got string)
