error("my message")  -- expect error: my message
