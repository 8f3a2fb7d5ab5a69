local function distance(a, b)
  local previous = {}
  for j = 0, #b do previous[j] = j end
  for i = 1, #a do
    local current = {[0] = i}
    for j = 1, #b do
      local change = a:byte(i) == b:byte(j) and 0 or 1
      current[j] = math.min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + change)
    end
    previous = current
  end
  return previous[#b]
end

print(distance("kitten", "sitting"), distance("", "abc"), distance("flaw", "lawn"))  -- expect: 3	3	2
