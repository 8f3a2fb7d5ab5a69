print([[
first
second]])
-- expect: first
-- expect: second
