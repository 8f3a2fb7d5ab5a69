-- needs: cjson, cjson.safe
local cjson, safe = require "cjson", require "cjson.safe"
local text = '{"a":[1,2.5,-3e2,true,null,"\\u00e9\\n"],"b":{"c":{}}}'
local value = cjson.decode(text)
print(#value.a, value.a[1], value.a[2], value.a[3], value.a[4], value.a[5] == cjson.null, value.a[6], next(value.b.c))
print(cjson.encode({1, 2, {3}, "x\0y", 1e100, math.pi, cjson.null}))
print(pcall(cjson.encode, {[1] = 1, x = 2}))
print(pcall(cjson.encode, print))
print(pcall(cjson.decode, '{"a":'))
print(safe.decode("[1,"))
print(safe.encode(function() end))
cjson.encode_sparse_array(true)
print(cjson.encode({[1] = 1, [5] = 5}))
cjson.encode_number_precision(3)
print(cjson.encode{math.pi})
local deep = {}
local at = deep
for _ = 1, 2000 do at[1] = {}; at = at[1] end
print(pcall(cjson.encode, deep))
print(pcall(cjson.decode, string.rep("[", 2000)))
local list = {}
for i = 1, 1000 do list[i] = {id = i, name = "item " .. i} end
local again = cjson.decode(cjson.encode(list))
local sum = 0
for _, item in ipairs(again) do sum = sum + item.id + #item.name end
print(#again, sum)
