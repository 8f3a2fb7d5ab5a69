local numerals = {
  {1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"},
  {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"},
}

local function to_roman(n)
  local out = {}
  for _, pair in ipairs(numerals) do
    local value, letters = pair[1], pair[2]
    out[#out + 1] = letters:rep(n // value)
    n = n % value
  end
  return table.concat(out)
end

local function from_roman(s)
  local total, at = 0, 1
  for _, pair in ipairs(numerals) do
    while s:find(pair[2], at, true) == at do
      total, at = total + pair[1], at + #pair[2]
    end
  end
  return total
end

print(to_roman(1994), to_roman(2024), to_roman(49))  -- expect: MCMXCIV	MMXXIV	XLIX
for n = 1, 3999 do assert(from_roman(to_roman(n)) == n) end
