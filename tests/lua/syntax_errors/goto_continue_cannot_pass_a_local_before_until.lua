repeat
  if x then goto continue end  -- expect syntax error line 5: <goto continue> at line 2 jumps into the scope of local 'y'
  local y = 1
  ::continue::
until y
