print(math.sin(0), math.cos(0), math.tan(0))                                -- expect: 0.0	1.0	0.0
print(("%.4f %.4f %.4f"):format(math.asin(1), math.acos(0), math.atan(1)))  -- expect: 1.5708 1.5708 0.7854
print(("%.4f %.4f"):format(math.atan(1, -1), math.atan(-1, 1)))             -- expect: 2.3562 -0.7854
print(("%.10f"):format(math.sin(math.pi / 6)))                              -- expect: 0.5000000000
