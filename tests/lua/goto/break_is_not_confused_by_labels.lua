while true do
  goto here
  ::here::
  break
end
print("out")  -- expect: out
