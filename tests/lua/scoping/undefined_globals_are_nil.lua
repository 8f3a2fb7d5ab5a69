print(undefined_name)                     -- expect: nil
undefined_name = 1
print(undefined_name, _G.undefined_name)  -- expect: 1	1
