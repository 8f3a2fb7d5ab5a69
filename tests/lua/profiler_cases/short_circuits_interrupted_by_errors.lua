local n = 0
local function fail(x) if x then error("stop") end return x end
for i = 1, 9 do
  local ok, v = pcall(function() return i > 3 and fail(i % 2 == 0) or i end)
  if ok then n = n + v end
end
print(n)  -- expect: 27
