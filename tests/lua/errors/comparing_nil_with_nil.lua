print(nil > nil)  -- expect error: attempt to compare two nil values
