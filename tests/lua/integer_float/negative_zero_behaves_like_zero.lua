local z = -0.0
print(z == 0, 1/z, z + 0, 0 * -1)  -- expect: true	-inf	0.0	0
local t = {}
t[z] = "zero"
print(t[0])                        -- expect: zero
