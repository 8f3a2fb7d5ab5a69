-- reference needs: lfs
local lfs = require "lfs"
local file = os.tmpname()
local hard, soft = file .. ".hard", file .. ".soft"
print(lfs.link(file, hard), lfs.link(file, soft, true))               -- expect: true	true
print(lfs.attributes(file, "nlink"), lfs.attributes(soft, "mode"))    -- expect: 2	file
print(lfs.symlinkattributes(soft, "mode"), lfs.symlinkattributes(soft, "target") == file)  -- expect: link	true
print(lfs.symlinkattributes(soft).target == file, lfs.symlinkattributes(file).target)      -- expect: true	nil
print(lfs.symlinkattributes(file, "target"))  -- expect: nil	could not obtain link target: Invalid argument	22
print(lfs.link(file, hard))                   -- expect: nil	File exists	17
os.remove(file)
os.remove(hard)
print(lfs.symlinkattributes(soft).mode, (lfs.attributes(soft)))       -- expect: link	nil
os.remove(soft)
lfs.link(file)                                -- expect error: bad argument #2 to 'link' (string expected, got no value)
