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
    sessions[i % 200] = handler(i)
    local body = sessions[i % 200]("/path/" .. i) .. string.rep("x", i % 100)
    assert(#body > 0)
  end
  return collectgarbage("count")
end

local early = 0
for tenth = 0, 4 do early = math.max(early, serve(tenth * 4000, tenth * 4000 + 3999)) end
local late = 0
for tenth = 5, 20 do late = math.max(late, serve(tenth * 4000, tenth * 4000 + 3999)) end
print(late < early * 1.5)  -- expect: true
