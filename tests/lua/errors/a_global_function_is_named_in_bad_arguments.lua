local ok, e = pcall(function() tostring() end)
print(e)  -- expect: a_global_function_is_named_in_bad_arguments.lua:1: bad argument #1 to 'tostring' (value expected)
