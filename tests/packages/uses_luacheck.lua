-- Runs luacheck as its command does, on the files that are the arguments.
package.path = "/usr/share/lua/5.1/?.lua;/usr/share/lua/5.1/?/init.lua;" .. package.path
require "luacheck.main"
