table.concat({1, {}, 3})  -- expect error: invalid value (table) at index 2 in table for 'concat'
