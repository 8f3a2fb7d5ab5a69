local function encode(s)
  local out, i = {}, 1
  while i <= #s do
    local c = s:sub(i, i)
    local run = #s:match("^" .. c .. "+", i)
    out[#out + 1] = (run > 1 and run or "") .. c
    i = i + run
  end
  return table.concat(out)
end

local function decode(s)
  return (s:gsub("(%d*)(%a)", function(n, c) return c:rep(tonumber(n) or 1) end))
end

local text = "WWWWWWWWWWWWBWWWWWWWWWWWWBBBWWWB"
print(encode(text), decode(encode(text)) == text)  -- expect: 12WB12W3B3WB	true
