print(("key = value"):find("(%w+) = (%w+)"))  -- expect: 1	11	key	value
