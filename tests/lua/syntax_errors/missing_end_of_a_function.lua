local function f()
  return 1
-- The end is missing.  -- expect syntax error line 4: 'end' expected (to close 'function' at line 1) near <eof>
