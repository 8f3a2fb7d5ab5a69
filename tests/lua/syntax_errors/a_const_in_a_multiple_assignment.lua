local a <const>, b = 1, 2
b, a = 3, 4  -- expect syntax error: attempt to assign to const variable 'a'
