-- The most frequent words of some files, or of standard input where the argument is `-`. Without an argument it makes
-- up a text of its own, always the same one.
--
--   perilune profile examples/wordcount.lua
--   perilune profile examples/wordcount.lua README.md

local SHOWN = 10

-- Text of so many words in which the n-th word of the vocabulary is about n times rarer than the first.
local function invented_text(words)
  local syllables = { "lu", "na", "ra", "mo", "ti", "se", "ko", "vi" }
  local seed = 42
  local function random(limit)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed // 65536 % limit + 1
  end
  local vocabulary = {}
  for i = 1, 200 do
    local word = ""
    for _ = 1, random(3) + 1 do
      word = word .. syllables[random(#syllables)]
    end
    vocabulary[i] = word
  end
  local text = {}
  for i = 1, words do
    text[i] = vocabulary[random(random(#vocabulary))]
  end
  return table.concat(text, " ")
end

local function count_words(text, counts)
  for word in text:gmatch("[%a\x80-\xff][%w\x80-\xff']*") do
    word = word:lower()
    counts[word] = (counts[word] or 0) + 1
  end
end

local function by_frequency(counts)
  local words = {}
  for word in pairs(counts) do
    words[#words + 1] = word
  end
  table.sort(words, function(a, b)
    if counts[a] ~= counts[b] then
      return counts[a] > counts[b]
    end
    return a < b
  end)
  return words
end

local function read(path)
  if path == "-" then
    return io.read("a")
  end
  local file <close> = assert(io.open(path))
  return file:read("a")
end

local counts = {}
if ... then
  for _, path in ipairs({ ... }) do
    count_words(read(path), counts)
  end
else
  count_words(invented_text(20000), counts)
end
for rank, word in ipairs(by_frequency(counts)) do
  if rank > SHOWN then
    break
  end
  print(string.format("%7d  %s", counts[word], word))
end
