local t = {1, 2
print(t)  -- expect syntax error: '}' expected (to close '{' at line 1) near 'print'
