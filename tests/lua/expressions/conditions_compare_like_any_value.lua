local a, b, c = true, false, nil
print((a and (b or c)) == nil, (a or b) and (c == nil))  -- expect: true	true
print(not (a and b) == (not a or not b))                 -- expect: true
