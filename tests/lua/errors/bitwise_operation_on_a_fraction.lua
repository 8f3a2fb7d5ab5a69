print(1.5 & 1)  -- expect error: number has no integer representation
