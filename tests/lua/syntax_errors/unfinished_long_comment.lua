print(1)
--[[ no end
-- expect syntax error line 4: unfinished long comment (starting at line 2) near <eof>
