local function inner(n)
  for i = 1, n do
    if i == 7 then
      print("leaving")  -- expect: leaving
      os.exit(4)        -- expect exit: 4
    end
  end
end
local function outer() for _ = 1, 3 do inner(_ * 5) end return "never" end
print(outer())
