local s = "no end
print(s)  -- expect syntax error line 1: unfinished string near '"no end'
