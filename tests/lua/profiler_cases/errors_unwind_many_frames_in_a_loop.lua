local function dive(n)
  if n == 0 then error("bottom", 0) end
  local result = dive(n - 1)
  return result + 1
end
local caught = 0
for i = 1, 50 do
  local ok = pcall(dive, i)
  if not ok then caught = caught + 1 end
end
print(caught)  -- expect: 50
