assert(false, "just this")  -- expect error: just this
