local keywords = {let = true, ["in"] = true}

local function tokens(source)
  local position = 1
  return coroutine.wrap(function()
    while true do
      position = source:match("^%s*()", position)
      if position > #source then return end
      local name, after_name = source:match("^([%a_][%w_]*)()", position)
      local number, after_number = source:match("^(%d+%.?%d*)()", position)
      if name then
        coroutine.yield(keywords[name] and "keyword" or "name", name)
        position = after_name
      elseif number then
        coroutine.yield("number", tonumber(number))
        position = after_number
      else
        coroutine.yield("symbol", source:sub(position, position))
        position = position + 1
      end
    end
  end)
end

local out = {}
for kind, value in tokens("let x1 = 3.5 + y in (x1*2)") do
  out[#out + 1] = kind:sub(1, 1) .. ":" .. value
end
print(table.concat(out, " "))  -- expect: k:let n:x1 s:= n:3.5 s:+ n:y k:in s:( n:x1 s:* n:2 s:)
