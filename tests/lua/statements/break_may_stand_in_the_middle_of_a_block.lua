while true do
  do print("before") break end  -- expect: before
  print("never")
end
