-- stdin: one
-- stdin:
-- stdin: three
for line in io.lines() do print("[" .. line .. "]") end
-- expect: [one]
-- expect: []
-- expect: [three]
