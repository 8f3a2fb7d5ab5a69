-- needs: lxp, lxp.lom
local lxp, lom = require "lxp", require "lxp.lom"
local depth = 0
local parser = lxp.new{
  StartElement = function(p, name, attributes)
    print(string.rep("  ", depth) .. name, #attributes, attributes.id, (p:pos()))
    depth = depth + 1
  end,
  EndElement = function() depth = depth - 1 end,
  CharacterData = function(_, text) if text:match("%S") then print(string.rep("  ", depth) .. text) end end,
  Comment = function(_, text) print("comment", text) end,
}
for _, piece in ipairs{'<?xml version="1.0"?><list><item id=', '"1">first</item>', "<!-- a comment -->", '<item id="2"/>', "</list>"} do
  print(parser:parse(piece) ~= nil)
end
print(parser:parse() ~= nil)
parser:close()
local tree = lom.parse('<a x="1">text<b/>tail</a>')
print(tree.tag, tree.attr.x, tree[1], tree[2].tag, tree[3])
print(lxp.new{}:parse("<a><b></a>"))
print(pcall(function() lxp.new{StartElement = function() error("in a handler", 0) end}:parse("<a/>") end))
