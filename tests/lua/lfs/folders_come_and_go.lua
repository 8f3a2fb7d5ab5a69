-- reference needs: lfs
local lfs = require "lfs"
local folder = os.tmpname()
os.remove(folder)
print(lfs.mkdir(folder))               -- expect: true
print(lfs.mkdir(folder))               -- expect: nil	File exists	17
print(lfs.mkdir(folder .. "/a/b"))     -- expect: nil	No such file or directory	2
local before = lfs.currentdir()
print(lfs.chdir(folder), lfs.currentdir() == folder, lfs.chdir(before), lfs.currentdir() == before) -- expect: true	true	true	true
print(lfs.chdir("none"))
-- expect: nil	Unable to change working directory to 'none'
-- expect: No such file or directory
-- expect:
print(lfs.rmdir(folder))               -- expect: true
print(lfs.rmdir(folder))               -- expect: nil	No such file or directory	2
print(lfs.rmdir("/dev/null"))          -- expect: nil	Not a directory	20
