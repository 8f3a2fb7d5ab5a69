-- needs: zlib
local zlib = require "zlib"
local text = string.rep("perilune ", 2000)
local deflated, eof, bytes_in, bytes_out = zlib.deflate()(text, "finish")
print(#deflated < #text / 20, eof, bytes_in, bytes_out == #deflated)
print(zlib.inflate()(deflated) == text)
local stream = zlib.deflate(9)
local out = {}
for i = 1, 10 do out[i] = stream("line " .. i .. "\n") end
out[#out + 1] = stream("", "finish")
print(zlib.inflate()(table.concat(out)))
print(zlib.crc32()("123456789"), zlib.adler32()("123456789"))
print(pcall(zlib.inflate(), "this is not compressed"))
