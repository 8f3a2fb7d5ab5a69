local z = 0.0
print(-0.0, -z, 0.0)     -- expect: -0.0	-0.0	0.0
print(1 / -0.0, 1 / -z)  -- expect: -inf	-inf
print(-0)                -- expect: 0
