for i = 1, 0 do print("never", i) end
for i = 1, 3, -1 do print("never", i) end
print("done")  -- expect: done
