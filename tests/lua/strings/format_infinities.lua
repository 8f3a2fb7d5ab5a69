print(("%f %g %.1f"):format(math.huge, -math.huge, 1/0))  -- expect: inf -inf inf
