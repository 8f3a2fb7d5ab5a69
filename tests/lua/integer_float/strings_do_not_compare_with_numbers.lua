print("10" == 10, "abc" < "abd")               -- expect: false	true
print(pcall(function() return 10 < "20" end))  -- expect: false	strings_do_not_compare_with_numbers.lua:2: attempt to compare number with string
