print("ten" * 2)  -- expect error: attempt to mul a 'string' with a 'number'
