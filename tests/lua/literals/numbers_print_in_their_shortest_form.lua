print(1e15, 1e16, 123456.789)  -- expect: 1e+15	1e+16	123456.789
print(0.1, 1/3)                -- expect: 0.1	0.33333333333333
print(1e100)                   -- expect: 1e+100
print(-0.0)                    -- expect: -0.0
