local pieces, i = {"return ", "10 ", "+ 5"}, 0
print(load(function() i = i + 1 return pieces[i] end)())  -- expect: 15
