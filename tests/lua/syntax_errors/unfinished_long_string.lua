local s = [==[
no end ]=]
-- expect syntax error line 4: unfinished long string (starting at line 1) near <eof>
