local function level3(t) return t.x.y end  -- expect error: attempt to index a nil value (field 'x')
local function level2(t) local v = level3(t) return v end
local function level1(t) for i = 1, 3 do if i == 3 then level2(t) end end end
level1({})
