error(42)  -- expect bare error: 42
