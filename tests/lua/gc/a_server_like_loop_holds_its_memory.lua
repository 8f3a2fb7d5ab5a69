local function handler(n)
  local state = {n = n, seen = {}}
  return function(path)
    state.seen[#state.seen + 1] = path .. n
    return table.concat(state.seen, ",")
  end
end

local sessions = {}
local function serve(from, to)
  for i = from, to do
    sessions[i % 20] = handler(i)
    local body = sessions[i % 20]("/path/" .. i) .. string.rep("x", i % 100)
    assert(#body > 0)
  end
  return collectgarbage("count")
end

local early = 0
for round = 0, 19 do early = math.max(early, serve(round * 60, round * 60 + 59)) end
local late = 0
for round = 20, 59 do late = math.max(late, serve(round * 60, round * 60 + 59)) end
print(late < early * 1.5)  -- expect: true
