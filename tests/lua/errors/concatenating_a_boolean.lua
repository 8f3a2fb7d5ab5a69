local flag = true
print("flag: " .. flag)  -- expect error: attempt to concatenate a boolean value (local 'flag')
