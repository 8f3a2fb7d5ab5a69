print(- - 5, not not true)  -- expect: 5	true
print(-~5, ~-5, ~~5)        -- expect: 6	4	5
print(- -2 ^ 2)             -- expect: 4.0
