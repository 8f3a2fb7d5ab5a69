package.path, package.cpath = "./modules/?.lua;./other/?.lua", ""
local ok, message = pcall(require, "absent")
print(ok, message:match("module 'absent' not found:"))        -- expect: false	module 'absent' not found:
print(message:match("no field package.preload%['absent'%]"))  -- expect: no field package.preload['absent']
print(message:match("no file './other/absent.lua'"))          -- expect: no file './other/absent.lua'
