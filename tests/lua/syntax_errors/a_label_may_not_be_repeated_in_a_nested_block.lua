::here::
do ::here:: end  -- expect syntax error: label 'here' already defined on line 1
