local t = {flag = true}
print(t.flag.x.y)  -- expect error: attempt to index a boolean value (field 'flag')
