local function f(a b) end  -- expect syntax error: ')' expected near 'b'
