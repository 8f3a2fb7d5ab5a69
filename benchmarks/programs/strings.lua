-- Strings: building, formatting, searching, replacing.
local rounds = tonumber(arg and arg[1]) or 3000
local total = 0
for round = 1, rounds do
  local parts = {}
  for i = 1, 200 do
    parts[#parts + 1] = string.format("%d:%s", i, ("x"):rep(i % 7))
  end
  local text = table.concat(parts, ",")
  for number in text:gmatch("%d+") do total = total + tonumber(number) end
  local replaced, count = text:gsub("x+", function(run) return #run end)
  total = total + count + #replaced:upper() + (text:find("199", 1, true) or 0)
  local built = ""
  for i = 1, 50 do built = built .. i .. ";" end
  total = total + #built
end
print(total)
