local List, Set, OrderedMap = require "pl.List", require "pl.Set", require "pl.OrderedMap"
local tablex, stringx, pretty = require "pl.tablex", require "pl.stringx", require "pl.pretty"
local class, seq, template = require "pl.class", require "pl.seq", require "pl.template"
local lexer, data, text, sip = require "pl.lexer", require "pl.data", require "pl.text", require "pl.sip"
local comprehension, permute, xml = require "pl.comprehension".new(), require "pl.permute", require "pl.xml"

print(List{3, 1, 2}:sort():map("*", 2):filter(function(x) return x > 2 end))
print(List.range(1, 10):slice(2, 5):reverse(), List.split("a b c"):join("-"))
print(Set{1, 2, 3} * Set{2, 3, 4} == Set{2, 3}, Set.len(Set{"x", "y"} + Set{"z"}))
local map = OrderedMap()
map:set("one", 1):set("two", 2):set("three", 3)
for key, value in map:iter() do io.write(key, "=", value, " ") end
print(map)
print(pretty.write({1, 2, {x = 1, "y"}, name = "n"}), tablex.deepcompare({1, {2}}, {1, {2}}))
print(stringx.strip("  padded  ") .. "|", stringx.title("the quick fox"), stringx.count("banana", "an"))
print(table.concat(stringx.split("a,b,,c", ","), ";"), stringx.center("mid", 9, "*"), stringx.partition("k=v", "="))
local Animal = class()
function Animal:_init(name) self.name = name end
function Animal:__tostring() return self.name .. ": " .. self:speak() end
local Dog = class(Animal)
function Dog:speak() return "woof" end
print(Dog("Rex"), Dog:class_of(Dog("x")), Animal:class_of(Dog("x")))
print(seq.sum(seq.map(function(x) return x * x end, {1, 2, 3})), seq(seq.range(1, 5)):filter("<", 4):copy())
print(template.substitute("# for i = 1, 3 do\n$(i) squared is $(i * i)\n# end\n", {}))
for kind, value in lexer.lua("local x = 10 + f('s') -- c") do io.write(kind, ":", tostring(value), " ") end
print()
local rows = data.read(require "pl.stringio".open("name,age\nAnn,31\nBob,27\n"))
for name, age in rows:select("name,age where age > 20") do print(name, age) end
print(text.wrap("the quick brown fox jumps over the lazy dog", 16))
local found = {}
print(sip.match("$v{key}=$i{number}", "limit=42", found), found.key, found.number)
print(table.concat(comprehension "x * y for x = 1, 3 for y = x, 3 if x ~= y"(), " "))
for p in permute.iter({1, 2, 3}) do io.write(table.concat(p), " ") end
print()
local document = xml.basic_parse("<a x='1'><b>text</b><c/></a>")
print(document.attr.x, document:child_with_name("b"):get_text(), xml.tostring(document))
