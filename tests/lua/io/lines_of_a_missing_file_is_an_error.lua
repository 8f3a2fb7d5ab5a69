for line in io.lines("no/such/file") do end  -- expect error: cannot open file 'no/such/file' (No such file or directory)
