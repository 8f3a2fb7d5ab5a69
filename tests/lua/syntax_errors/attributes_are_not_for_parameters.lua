local function f(x <const>) end  -- expect syntax error: ')' expected near '<'
