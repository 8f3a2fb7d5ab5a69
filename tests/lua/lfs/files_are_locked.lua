-- reference needs: lfs
local lfs = require "lfs"
local path = os.tmpname()
local file = io.open(path, "r+")
print(lfs.lock(file, "w"), lfs.lock(file, "r", 2, 3), lfs.unlock(file), lfs.unlock(file, 2, 3))  -- expect: true	true	true	true
print(lfs.lock(file, "w", -1, 3))             -- expect: nil	Invalid argument
local reader <close> = io.open(path)
print(lfs.lock(reader, "w"))                  -- expect: nil	Bad file descriptor
print(pcall(lfs.lock, file, "x"))             -- expect: false	lock: invalid mode
print(lfs.setmode(file, "text"))              -- expect: true	binary
print(pcall(lfs.setmode, file, "raw"))        -- expect: false	bad argument #2 to 'lfs.setmode' (invalid option 'raw')
print(pcall(lfs.unlock, path))                -- expect: false	bad argument #1 to 'lfs.unlock' (FILE* expected, got string)
file:close()
os.remove(path)
lfs.lock(file, "w")                           -- expect error: lock: closed file
