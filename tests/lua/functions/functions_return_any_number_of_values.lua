local function none() end
local function three() return 1, nil, 3 end
print(select("#", none()), select("#", three()))  -- expect: 0	3
print(none() == nil, three())                     -- expect: true	1	nil	3
