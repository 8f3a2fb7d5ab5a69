local function down(n) if n == 0 then error("bottom", 0) end down(n - 1) return n end
print(pcall(down, 100))  -- expect: false	bottom
