print(assert(1, "message", 3))          -- expect: 1	message	3
print(pcall(assert, false, "message"))  -- expect: false	message
print(pcall(assert, nil))               -- expect: false	assertion failed!
print(pcall(assert))                    -- expect: false	bad argument #1 to 'assert' (value expected)
