print(("hello"):gsub("[aeiou]", "*"))   -- expect: h*ll*	2
print(("hello"):gsub("[^aeiou]", "*"))  -- expect: *e**o	3
print(("a-z]"):gsub("[]-]", "#"))       -- expect: a#z#	2
print(("x1y2"):gsub("[%d_]", "#"))      -- expect: x#y#	2
print(("a^b"):gsub("[b^]", "#"))        -- expect: a##	2
