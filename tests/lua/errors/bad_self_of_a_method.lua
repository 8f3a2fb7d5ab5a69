io.stdout.write({}, "x")  -- expect error: bad argument #1 to 'write' (FILE* expected, got table)
