local function check(x)
  if not x then error("x is missing", 2) end
end
check(nil)  -- expect error: x is missing
