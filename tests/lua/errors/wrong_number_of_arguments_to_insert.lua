table.insert({}, 1, 2, 3)  -- expect error: wrong number of arguments to 'insert'
