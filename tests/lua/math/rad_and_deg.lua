print(math.deg(math.pi), math.rad(180) == math.pi)  -- expect: 180.0	true
