local function outer()
  local n = 1
  local function middle() return function() n = n * 2 end end
  middle()() middle()()
  return n
end
print(outer())  -- expect: 4
