added = (added or 0) + 1
return "result", added
