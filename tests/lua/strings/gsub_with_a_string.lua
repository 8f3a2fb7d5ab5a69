print(("hello"):gsub("l", "L"))          -- expect: heLLo	2
print(("hello"):gsub("(l)(.)", "%2%1"))  -- expect: hello	1
print(("hello"):gsub("l+", "<%0>"))      -- expect: he<ll>o	1
print(("price"):gsub("price", "5%%"))    -- expect: 5%	1
