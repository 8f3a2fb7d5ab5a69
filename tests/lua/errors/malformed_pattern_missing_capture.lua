("x"):match("x)")  -- expect error: invalid pattern capture
