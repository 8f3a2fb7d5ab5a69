local input, position, words = "ab 12 c", 0, {}
local char
::start::
position = position + 1
char = input:sub(position, position)
if char == "" then goto finish end
if char:find("%a") then goto letter end
if char:find("%d") then goto digit end
goto start
::letter:: words[#words + 1] = "L" goto start
::digit:: words[#words + 1] = "D" goto start
::finish::
print(table.concat(words))  -- expect: LLDDL
