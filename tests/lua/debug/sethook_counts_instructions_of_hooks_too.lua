-- a hook function's own instructions bring the next event nearer
local i, seen = 0, {}
debug.sethook(function() seen[#seen + 1] = i end, "", 1000)
for k = 1, 10000 do i = k end
debug.sethook()
local near = true
for k = 2, #seen do
  local apart = seen[k] - seen[k - 1]
  near = near and apart > 480 and apart < 499
end
print(near, #seen) -- expect: true	20
