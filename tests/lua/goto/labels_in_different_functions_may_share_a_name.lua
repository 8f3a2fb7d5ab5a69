goto stop
::stop::
local function f() goto stop ; ::stop:: return "f" end
print(f())  -- expect: f
