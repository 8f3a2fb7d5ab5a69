local x = object:method  -- expect syntax error line 2: function arguments expected near <eof>
