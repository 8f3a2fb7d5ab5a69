local print = print
do
  local _ENV = {x = "inner"}
  print(x)       -- expect: inner
  y = 2
  print(_ENV.y)  -- expect: 2
end
print(x, y)      -- expect: nil	nil
