local f <const> = print
function f() end  -- expect syntax error line 3: attempt to assign to const variable 'f'
