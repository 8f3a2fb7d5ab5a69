error("no position", 0)  -- expect bare error: no position
