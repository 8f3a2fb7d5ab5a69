local argparse = require "argparse"
local parser = argparse("tool", "A tool with many options.", "See the manual.")
parser:argument("input", "Input file."):args("1-3")
parser:option("-o --output", "Output file.", "a.out")
parser:option("-I --include", "Where to look."):count("*")
parser:flag("-v --verbose", "Says more."):count("0-2"):target("level")
parser:mutex(parser:flag("-q --quiet"), parser:flag("-l --loud"))
local add = parser:command("add", "Adds something.")
add:argument("what"):convert(tonumber)
parser:command("remove"):option("--force"):args("?")
print(parser:get_help())
local function try(...)
  local ok, result = parser:pparse({...})
  if not ok then return print("error", result) end
  local keys = {}
  for key, value in pairs(result) do
    keys[#keys + 1] = key .. "=" .. (type(value) == "table" and "{" .. table.concat(value, ",") .. "}" or tostring(value))
  end
  table.sort(keys)
  print(table.concat(keys, " "))
end
try("x", "y", "-vv", "-I", "a", "-Ib", "--output=z", "add", "12")
try("x", "add", "twelve")
try("x", "-q", "-l", "remove")
try("x", "--outptu", "z")
try("x", "remove", "--force")
try()
print(parser:get_usage())
