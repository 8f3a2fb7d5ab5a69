local text = [[the cat and the dog and the bird saw
the cat but the bird saw no dog]]
local counts, words = {}, {}
for word in text:gmatch("%a+") do
  if not counts[word] then words[#words + 1] = word end
  counts[word] = (counts[word] or 0) + 1
end
table.sort(words, function(a, b)
  if counts[a] ~= counts[b] then return counts[a] > counts[b] end
  return a < b
end)
for _, word in ipairs(words) do io.write(word, "=", counts[word], " ") end
print()  -- expect: the=5 and=2 bird=2 cat=2 dog=2 saw=2 but=1 no=1
