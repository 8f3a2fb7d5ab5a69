local n
print(1 < n)  -- expect error: attempt to compare number with nil
