print(("%s|%.3s|%.0s|"):format("abcdef", "abcdef", "abcdef"))  -- expect: abcdef|abc||
