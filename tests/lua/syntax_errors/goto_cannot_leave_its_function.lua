::outside::
local function f() goto outside end  -- expect syntax error line 3: no visible label 'outside' for <goto> at line 2
