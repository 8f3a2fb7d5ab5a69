-- needs: rex_pcre2, rex_posix
local pcre, posix = require "rex_pcre2", require "rex_posix"
print(pcre.match("key = value # comment", [[^\s*(\w+)\s*=\s*(\w+)]]))
print(pcre.find("one two", [[(?<first>\w+)\s+(\w+)]]))
print(pcre.gsub("hello world", [[\b(\w)(\w*)]], function(a, b) return a:upper() .. b end))
print(pcre.gsub("a1b22", [[\d+]], "<%0>"))
print(pcre.gsub("$x and $y", [[\$(\w)]], {x = "X"}))
for word, rest in pcre.gmatch("k1=v1,k2=v2", [[(\w+)=(\w+)]]) do print(word, rest) end
for part, separator in pcre.split("a, b;c", [[[,;]\s*]]) do print(part, separator) end
local compiled = pcre.new([[(\d+)-(\d+)]])
print(compiled:match("10-20"), compiled:tfind("x 1-2"), compiled:exec("no"))
local from, to, captures = compiled:tfind("x 1-2")
print(from, to, captures[1], captures[2])
print(pcall(pcre.new, "("))
print(pcall(pcre.gsub, "abc", "b", function() error("in a replacement", 0) end))
print(posix.match("foo123", "[0-9]+"), posix.count("aXbXc", "X"))
print(posix.gsub("x-y-z", "-", "+", 1))
local co = coroutine.wrap(function() return pcre.gsub("ab", ".", function(c) return c .. c end) end)
print(co())
