local function lines_of(text)
  local lines = {}
  local function note(event, line) lines[#lines + 1] = line end
  debug.sethook(note, "l") load(text)() debug.sethook()
  return table.concat(lines, " ")
end
print(lines_of("if\nmath.sin(1)\nthen\n  a=1\nelse\n  a=2\nend\n"))            -- expect: 2 3 4 7
print(lines_of("local function f()\nend\nf()\nA = 1"))                          -- expect: 2 3 2 4
print(lines_of("a=1\nwhile a<=3 do\n  a=a+1\nend\n"))                            -- expect: 1 2 3 2 3 2 3 2 4
print(lines_of("for i=1,3 do\n  a=i\nend\n"))                                   -- expect: 1 2 1 2 1 2 1 3
print(lines_of("for i,v in pairs{'a','b'} do\n  a=tostring(i) .. v\nend\n"))    -- expect: 1 2 1 2 1 3
print(lines_of("for i=1,4 do a=1 end"))                                         -- expect: 1 1 1 1
print(lines_of("while math.sin(1) do\n  if math.sin(1)\n  then break\n  end\nend\na=1"))  -- expect: 1 2 3 6
