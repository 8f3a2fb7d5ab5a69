local calls = 0
local function forever() calls = calls + 1 return forever() + 1 end
for _ = 1, 3 do
  local ok, e = pcall(forever)
  print(ok, e:match("stack overflow"))
end
-- expect: false	stack overflow
-- expect: false	stack overflow
-- expect: false	stack overflow
print(calls > 1000)  -- expect: true
