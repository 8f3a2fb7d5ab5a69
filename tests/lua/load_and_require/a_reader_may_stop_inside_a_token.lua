local function read_in_bytes(text)
  local at = 0
  return function()
    at = at + 1
    return text:sub(at, at)
  end
end
print(load(read_in_bytes("-- a comment\nreturn 1 --[[ another ]] .. 'x', 0x1p+2"), "text")())  -- expect: 1x	4.0
print(load(read_in_bytes("--[==[ long ]] ]==] return 1 // 2 ~= 3"), "text")())  -- expect: true
