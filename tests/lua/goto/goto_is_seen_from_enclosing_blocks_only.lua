do
  do goto outer end
  print("never")
  ::outer::
end
print("reached")  -- expect: reached
