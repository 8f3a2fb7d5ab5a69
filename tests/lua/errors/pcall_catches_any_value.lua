print(pcall(error, 42))                          -- expect: false	42
print(pcall(error, true))                        -- expect: false	true
print(select(2, pcall(error, {code = 7})).code)  -- expect: 7
