package.preload.virtual = function(name, extra) return {name = name, extra = extra} end
local m = require("virtual")
print(m.name, m.extra, package.loaded.virtual == m)  -- expect: virtual	:preload:	true
