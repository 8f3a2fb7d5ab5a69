::here::
::here::  -- expect syntax error line 3: label 'here' already defined on line 2
