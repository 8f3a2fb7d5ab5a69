local function temporaries(f, ...)
  local co = coroutine.create(f)
  coroutine.resume(co, ...)
  local names = {}
  for n = 1, 4 do
    local name, value = debug.getlocal(co, 1, n)
    names[n] = ("%s %s"):format(name, type(value))
  end
  return table.concat(names, ", ")
end
print(temporaries(pcall, coroutine.yield, 7))
-- expect: (C temporary) boolean, nil nil, nil nil, nil nil
print(temporaries(xpcall, coroutine.yield, print, 7))
-- expect: (C temporary) function, (C temporary) function, (C temporary) boolean, nil nil
