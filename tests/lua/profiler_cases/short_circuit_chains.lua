local calls = 0
local function is(x) calls = calls + 1 return x end
local truths = 0
for a = 0, 1 do for b = 0, 1 do for c = 0, 1 do
  local A, B, C = a == 1, b == 1, c == 1
  if is(A) and is(B) or is(C) and not is(A) then truths = truths + 1 end
  local v = (is(A) or is(B)) and (is(B) or is(C)) and "yes" or "no"
  if v == "yes" then truths = truths + 100 end
end end end
print(truths, calls)  -- expect: 504	41
