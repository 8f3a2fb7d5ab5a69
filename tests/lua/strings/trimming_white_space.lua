local function trim(s) return s:match("^%s*(.-)%s*$") end
print("[" .. trim("  a b \n") .. "]", "[" .. trim("   ") .. "]")  -- expect: [a b]	[]
