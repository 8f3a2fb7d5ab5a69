-- needs: lyaml
local yaml = require "lyaml"
local document = yaml.load [[
name: Perilune
parts: [compiler, vm, profiler]
nested:
  yes: true
  number: 12
  float: 1.5
  text: |
    two
    lines
]]
print(document.name, #document.parts, document.parts[3], document.nested.number, document.nested.float, document.nested.text)
local again = yaml.load(yaml.dump{document})
print(again.name, again.parts[1], again.nested.number)
print(pcall(yaml.load, "a: [1, 2"))
print(yaml.dump{{1, 2, "three"}}:gsub("\n", "|"))
local list = {}
for i = 1, 200 do list[i] = "item " .. i end
print(#yaml.load(yaml.dump{list}))
