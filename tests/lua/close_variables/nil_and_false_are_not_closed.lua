do
  local a <close> = nil
  local b <close> = false
end
print("fine")  -- expect: fine
