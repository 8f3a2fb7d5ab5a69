local n = 0
::again::
n = n + 1
if n < 5 then goto again end
print(n)  -- expect: 5
