local n <const>, f <const>, b <const>, s <const> = nil, 1.5, false, "s"
print(n, f, b, s)                            -- expect: nil	1.5	false	s
print((function() return n, f, b, s end)())  -- expect: nil	1.5	false	s
print(-f, not b, s .. f, f + 1, b or n)      -- expect: -1.5	true	s1.5	2.5	nil
