local t, n = {}, 0
for i = 1, 50 do t["key" .. i] = {} end
for k, v in pairs(t) do t[k] = nil collectgarbage("step") n = n + 1 end
print(n)  -- expect: 50
