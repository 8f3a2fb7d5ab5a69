print(("THE (quick) fox"):find("%f[%a]%a+%f[%A]"))      -- expect: 1	3
print(("hello world"):gsub("%f[%w]%w+", string.upper))  -- expect: HELLO WORLD	2
print(("end"):find("%f[%z]"))                           -- expect: 4	3
