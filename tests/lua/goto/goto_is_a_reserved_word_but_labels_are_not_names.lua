local function f()
  ::f::
  local f = 1
  do return f end
  goto f
end
print(f())  -- expect: 1
