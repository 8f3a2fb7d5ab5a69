local t = {}
if t.count > 10 then print("never") end  -- expect error: attempt to compare number with nil
