print("it's")       -- expect: it's
print('say "yes"')  -- expect: say "yes"
print("\"", '\'')   -- expect: "	'
