print(tonumber("0xffffffffffffffff"), tonumber("18446744073709551615"))  -- expect: -1	1.844674407371e+19
