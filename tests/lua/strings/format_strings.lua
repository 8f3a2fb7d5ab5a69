print(("%s %10s %-10s| %.2s"):format("abc", "abc", "abc", "abc"))  -- expect: abc        abc abc       | ab
print(("%s %s %s %s"):format(nil, true, 1.5, 7))                   -- expect: nil true 1.5 7
print(("%5.1s|"):format("xyz"))                                    -- expect:     x|
