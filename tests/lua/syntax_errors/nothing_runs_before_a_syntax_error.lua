print("never")
local = 1  -- expect syntax error: <name> expected near '='
