-- reference needs: lfs
local lfs = require "lfs"
local folder = os.tmpname()
os.remove(folder)
lfs.mkdir(folder)
io.open(folder .. "/file", "w"):close()
local names = {}
for name in lfs.dir(folder) do names[#names + 1] = name end
table.sort(names)
print(table.concat(names, " "))                  -- expect: . .. file
local iterate, directory, control, closing = lfs.dir(folder)
print(control, directory == closing, tostring(directory):match("^[%a ]+"))  -- expect: nil	true	directory metatable
local count = 0
while directory:next() do count = count + 1 end
print(count, pcall(directory.next, directory))   -- expect: 3	false	bad argument #1 to '?' (closed directory)
print(pcall(iterate, io.stdout))                 -- expect: false	bad argument #1 to '?' (directory metatable expected, got FILE*)
print(pcall(lfs.dir, "none"))                    -- expect: false	cannot open none: No such file or directory
os.remove(folder .. "/file")
lfs.rmdir(folder)
local _, kept = lfs.dir(".")
do local closed <close> = kept end
kept:next()                                      -- expect error: calling 'next' on bad self (closed directory)
