local function lines_of(text)
  local run, lines = load(text, "=text"), {}
  debug.sethook(function(_, line) lines[#lines + 1] = line end, "l")
  run()
  debug.sethook()
  lines[#lines] = nil -- of the call of sethook
  table.remove(lines, 1) -- of the call of run
  return table.concat(lines, " ")
end
print(lines_of "local i = 0\nwhile true do\n i = i + 1\n if i > 3 then break end\nend")  -- expect: 1 3 4 3 4 3 4 3 4 5
print(lines_of "local i = 0\nwhile i < 2 do\n i = i + 1\nend")  -- expect: 1 2 3 2 3 2 4
print(lines_of "local i = 0\n::top::\ni = i + 1\nif i < 3 then goto top end")  -- expect: 1 3 4 3 4 3 4
print(lines_of "local t = {\n1,\n2,\n3}")  -- expect: 1 2 3 4
print(lines_of "local t = {\na = 1,\nb = {\nc = 2}\n}")  -- expect: 1 2 3 4 5
print(lines_of "for k in pairs({1, 2})\ndo\n local x = k\nend")  -- expect: 1 2 3 1 3 1 4
print(lines_of "local t = {\n1,\nx = 2,\n}\nt = {\ntostring(1),\n}")  -- expect: 1 2 3 4 5 6 7
print(lines_of "local a, b = 1, 2\nlocal c = a\n and b\n or\n a\nc = 1")  -- expect: 1 3 4 6
print(lines_of "local a\nif tostring(a)\n and tostring(a)\n and a\nthen\nend")  -- expect: 1 2 3 4 5 6
print(lines_of "local x = select(\n1,\n2\n)\nx = 1")  -- expect: 1 2 4 1 5
print(lines_of "local a, b\na,\nb =\n1,\n2\nb = not\na")  -- expect: 1 4 5 7
print(lines_of "local a = (\n1\n)\nlocal b = (\na + a\n)")  -- expect: 3 5 6
print(lines_of "local i = 0\nwhile i < 2 do\n do\n  i = i + 1\n end\nend\ni = 1")  -- expect: 1 2 4 5 2 4 5 2 7
print(lines_of "local i = 0\nwhile true do\n i = i + 1\n if i > 1 then\n  break\n end\nend\ni = 1")  -- expect: 1 3 4 6 3 4 8
print(lines_of "local i = 0\nwhile i < 2 do i = i + 1\n i = i + 1\nend\ni = 1")  -- expect: 1 2 3 2 5
print(lines_of "local i = 0\nwhile i < 3 do while i < 2 do i = i + 1 end\n i = i + 1 end\ni = 9")  -- expect: 1 2 2 2 3 2 4
print(lines_of "local i = 0\nwhile\n i < 2\ndo\n i = i + 1\nend\ni = 9")  -- expect: 1 3 5 3 5 3 7
print(lines_of "local i = 0\nwhile tostring(i) == '1'\ndo\nend\nwhile false do\n i = 1\nend\ni = 9")  -- expect: 1 2 5 8
print(lines_of "for i = 1, 2 do while true do\n break\n end end\nlocal x")  -- expect: 1 2 1 2 1 4
print(lines_of "local i\nif true then\n for j = 1, 0 do i = j\n end\nelse\n i = 1\nend\ni = 9")  -- expect: 1 3 4 8
print(lines_of "local j\nj = tostring(\n2\n)\nj = 3")  -- expect: 1 2 4 2 4 5
print(lines_of "for i = 1, 2 do\nif i == 1 then\ngoto continue\nend\nlocal x = i\n::continue::\nend")  -- expect: 1 2 3 1 2 5 1 7
