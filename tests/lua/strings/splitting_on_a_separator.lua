local function split(s, sep)
  local parts = {}
  for part in (s .. sep):gmatch("(.-)" .. sep:gsub("%p", "%%%0")) do parts[#parts + 1] = part end
  return parts
end
print(table.concat(split("a.b..c", "."), "|"))  -- expect: a|b||c
