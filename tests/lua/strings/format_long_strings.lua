print(#("%s"):format(("x"):rep(1000)), #("%1s|"):format(("x"):rep(500)))  -- expect: 1000	501
