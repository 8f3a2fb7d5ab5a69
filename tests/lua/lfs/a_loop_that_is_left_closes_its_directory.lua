-- reference needs: lfs
local lfs = require "lfs"
local iterate, directory, control, closing = lfs.dir(".")
for _ in iterate, directory, control, closing do break end
print(pcall(iterate, directory))  -- expect: false	bad argument #1 to '?' (closed directory)
print(directory:close())          -- expect:
