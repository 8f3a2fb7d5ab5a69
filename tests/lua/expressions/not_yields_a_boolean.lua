print(not nil, not false, not 0, not "")  -- expect: true	true	false	false
print(not not nil, not not 0)             -- expect: false	true
