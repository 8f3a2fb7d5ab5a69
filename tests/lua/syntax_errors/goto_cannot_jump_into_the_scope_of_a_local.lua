goto target  -- expect syntax error line 4: <goto target> at line 1 jumps into the scope of local 'x'
local x = 1
::target::
print(x)
