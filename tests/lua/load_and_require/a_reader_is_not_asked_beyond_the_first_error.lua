local function pieces(...)
  local given, n = {...}, 0
  local loaded, message = load(function() n = n + 1 return given[n] or (n < 1000 and "y = 1\n" or nil) end, "=text")
  return message, n
end
print(pieces("x = = 1\n"))  -- expect: text:1: unexpected symbol near '='	1
print(pieces("x = 1\n", "if if\n"))  -- expect: text:2: unexpected symbol near 'if'	2
print(pieces("x = 'abc\n"))  -- expect: text:1: unfinished string near ''abc'	1
print(pieces("--[[ a comment", " goes on ]] x = )\n"))  -- expect: text:1: unexpected symbol near ')'	2
print(pieces("x = 'a", "b", "c'\n"))  -- expect: nil	1000

local n = 0
print(load(function() n = n + 1 return "x = 1" end, "=text", "b"))  -- expect: nil	attempt to load a text chunk (mode is 'b')
print(n)  -- expect: 1
