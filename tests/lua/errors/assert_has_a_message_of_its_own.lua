assert(nil)  -- expect error: assertion failed!
