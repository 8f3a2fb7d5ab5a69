print(math.maxinteger < math.huge, math.mininteger > -math.huge)  -- expect: true	true
print(math.huge > 0, -math.huge < 0, math.huge == math.huge)      -- expect: true	true	true
