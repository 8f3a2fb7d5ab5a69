print(print <= print)  -- expect error: attempt to compare two function values
