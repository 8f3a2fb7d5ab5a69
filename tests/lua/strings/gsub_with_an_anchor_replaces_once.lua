print(("aaa"):gsub("^a", "b"))        -- expect: baa	1
print(("  trim  "):gsub("^%s+", ""))  -- expect: trim  	1
