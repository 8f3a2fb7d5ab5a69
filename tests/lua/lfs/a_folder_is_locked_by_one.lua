-- reference needs: lfs
local lfs = require "lfs"
local folder = os.tmpname()
os.remove(folder)
print(lfs.lock_dir(folder))                              -- expect: nil	No such file or directory
lfs.mkdir(folder)
local lock = lfs.lock_dir(folder)
print(tostring(lock):match("^[%a ]+"), lfs.symlinkattributes(folder .. "/lockfile.lfs").target)  -- expect: lock metatable	lock
print(lfs.lock_dir(folder, 10))                          -- expect: nil	File exists
lock:free()
lock:free()
print((lfs.symlinkattributes(folder .. "/lockfile.lfs")))  -- expect: nil
lock = lfs.lock_dir(folder)
lock = nil
collectgarbage()
print(lfs.rmdir(folder))                                 -- expect: true
