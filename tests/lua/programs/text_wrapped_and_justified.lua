local function wrap(text, width)
  local lines, line, length = {}, {}, 0
  for word in text:gmatch("%S+") do
    if length + #line + #word > width then
      lines[#lines + 1] = line
      line, length = {}, 0
    end
    line[#line + 1] = word
    length = length + #word
  end
  lines[#lines + 1] = line
  return lines
end

local function justify(words, width)
  local letters = 0
  for _, word in ipairs(words) do letters = letters + #word end
  local gaps, spaces, out = #words - 1, width - letters, words[1]
  for i = 2, #words do
    local share = spaces // gaps + (i - 1 <= spaces % gaps and 1 or 0)
    out = out .. (" "):rep(share) .. words[i]
  end
  return out
end

local text = "a program that wraps the words of a text into lines of one width, filled with spaces"
for _, words in ipairs(wrap(text, 24)) do print("|" .. justify(words, 24) .. "|") end
-- expect: |a program that wraps the|
-- expect: |words  of  a  text  into|
-- expect: |lines   of   one  width,|
-- expect: |filled    with    spaces|
