for x in 5 do end  -- expect error: attempt to call a number value (for iterator 'for iterator')
