local precedence = {["+"] = 1, ["-"] = 1, ["*"] = 2, ["/"] = 2, ["^"] = 3}
local apply = {
  ["+"] = function(a, b) return a + b end,
  ["-"] = function(a, b) return a - b end,
  ["*"] = function(a, b) return a * b end,
  ["/"] = function(a, b) return a / b end,
  ["^"] = function(a, b) return a ^ b end,
}

local function evaluate(source)
  local position = 1
  local function peek()
    position = source:match("^%s*()", position)
    return source:sub(position, position)
  end
  local expression
  local function primary()
    local c = peek()
    if c == "(" then
      position = position + 1
      local value = expression(0)
      if peek() ~= ")" then error("')' expected at " .. position, 0) end
      position = position + 1
      return value
    elseif c == "-" then
      position = position + 1
      return -expression(2)
    end
    local number, after = source:match("^(%d+%.?%d*)()", position)
    if not number then error("number expected at " .. position, 0) end
    position = after
    return tonumber(number)
  end
  function expression(limit)
    local left = primary()
    while true do
      local operator = peek()
      local level = precedence[operator]
      if not level or level <= limit then return left end
      position = position + 1
      left = apply[operator](left, expression(operator == "^" and level - 1 or level))
    end
  end
  return expression(0)
end

print(evaluate("1 + 2 * 3"), evaluate("(1 + 2) * 3"), evaluate("10 - 4 - 3"))  -- expect: 7	9	3
print(evaluate("2 ^ 3 ^ 2"), evaluate("-2 ^ 2"), evaluate("7 / 2"))            -- expect: 512.0	-4.0	3.5
print(pcall(evaluate, "(1 + 2"))                                               -- expect: false	')' expected at 7
print(pcall(evaluate, "1 + * 2"))                                              -- expect: false	number expected at 5
