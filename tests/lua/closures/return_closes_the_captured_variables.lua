local function make()
  for i = 1, 3 do
    local k = i
    if k == 2 then return function() k = k + 1 return k end end
  end
end
local f = make()
print(f(), f())  -- expect: 3	4
