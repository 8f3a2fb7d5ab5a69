local log = {}
local t = setmetatable({}, {
  __len = function() return 3 end,
  __index = function(_, i) return "v" .. i end,
  __newindex = function(_, k, v) log[#log + 1] = k .. "=" .. v end,
})
print(table.concat(t, ","), table.unpack(t))  -- expect: v1,v2,v3	v1	v2	v3
table.insert(t, "x")
print(log[1])                                 -- expect: 4=x
