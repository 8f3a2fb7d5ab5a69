local name = os.tmpname()
local keep
do
  local file <close> = assert(io.open(name, "w"))
  file:write("text")
  keep = file
end
print(io.type(keep))  -- expect: closed file
os.remove(name)
