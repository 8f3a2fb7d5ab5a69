string.format("%y", 1)  -- expect error: invalid conversion '%y' to 'format'
