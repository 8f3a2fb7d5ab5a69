local function f(..., a) end  -- expect syntax error: ')' expected near ','
