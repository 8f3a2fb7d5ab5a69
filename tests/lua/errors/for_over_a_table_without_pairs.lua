local t = {}
for k in t do end  -- expect error: attempt to call a table value (for iterator 'for iterator')
