do
  goto finish
  local x = 1
  print("never", x)
  ::finish:: ; ;
end
print("after")  -- expect: after
