local co = coroutine.create(function(x)
  local a = x
  coroutine.yield(a)
  return a + 1
end)
local lines = {}
local function note(_, line) lines[#lines + 1] = line end
debug.sethook(co, note, "l")
print(coroutine.resume(co, 1))  -- expect: true	1
print(table.concat(lines, " "))  -- expect: 2 3
print(debug.gethook())  -- expect: nil
print(debug.gethook(co) == note)  -- expect: true
print(coroutine.resume(co))  -- expect: true	2
print(table.concat(lines, " "))  -- expect: 2 3 4
print(debug.getinfo(1, "l").currentline)  -- expect: 15

-- inside a hook no further events happen, and it is known as one
debug.sethook(function()
  debug.sethook()
  print(debug.getinfo(1, "n").namewhat, (debug.traceback("t"):match("in (hook '%?')")))  -- expect: hook	hook '?'
end, "l")
local x = 1
