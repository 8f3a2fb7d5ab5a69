-- expect syntax error line 2: unfinished string
local s = 'no end