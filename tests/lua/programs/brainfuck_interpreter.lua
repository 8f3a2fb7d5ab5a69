local function run(code)
  local jumps, stack = {}, {}
  for i = 1, #code do
    local c = code:sub(i, i)
    if c == "[" then
      stack[#stack + 1] = i
    elseif c == "]" then
      local open = table.remove(stack) or error("unbalanced")
      jumps[open], jumps[i] = i, open
    end
  end
  local cells, at, i, out = {}, 0, 1, {}
  while i <= #code do
    local c, value = code:sub(i, i), cells[at] or 0
    if c == ">" then at = at + 1
    elseif c == "<" then at = at - 1
    elseif c == "+" then cells[at] = (value + 1) % 256
    elseif c == "-" then cells[at] = (value - 1) % 256
    elseif c == "." then out[#out + 1] = string.char(value)
    elseif c == "[" and value == 0 then i = jumps[i]
    elseif c == "]" and value ~= 0 then i = jumps[i]
    end
    i = i + 1
  end
  return table.concat(out)
end

print(run("++++++++[>+++++++++<-]>.+++++++++++++++++++++++++++++.+++++++..+++."))  -- expect: Hello
