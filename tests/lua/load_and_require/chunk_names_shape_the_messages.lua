local function message(name) return select(2, load("x =", name)) end
print(message("=plain"))              -- expect: plain:1: unexpected symbol near <eof>
print(message("@file.lua"))           -- expect: file.lua:1: unexpected symbol near <eof>
print(message("x = 1"))               -- expect: [string "x = 1"]:1: unexpected symbol near <eof>
print(message("first line\nsecond"))  -- expect: [string "first line..."]:1: unexpected symbol near <eof>
print(message("=" .. ("n"):rep(80)))  -- expect: nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn:1: unexpected symbol near <eof>
print(message("@" .. ("n"):rep(80)))  -- expect: ...nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn:1: unexpected symbol near <eof>
