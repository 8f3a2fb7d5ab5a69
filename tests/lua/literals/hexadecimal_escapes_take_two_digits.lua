print("\x41\x4a\x4B1")  -- expect: AJK1
