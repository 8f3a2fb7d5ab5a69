local function outer(...)
  local function inner(...) return select("#", ...) end
  return inner(), select("#", ...)
end
print(outer(1, 2, 3))  -- expect: 0	3
