// The Lua programs of the session.

/** One hot line, and a function whose lines the hints of another server crowd. */
export const HOT = `-- A program with one hot line, and one that others' hints crowd.
local function crowded(n)
  if n < 2 then return n end
  return crowded(n - 1) + crowded(n - 2)
end
local total = 0
for i = 1, 6000000 do total = total + i % 7 end
print(crowded(27), total)
`;

/** A program that uses a module from outside the folder, allocates, and calls one function from two places. */
export const USES = `---@profile luaPath="../outside/?.lua;;" args="7"
local lib = require "lib"
local function draw(n)
  local sum = 0
  for i = 1, n do sum = sum + lib.work(i) end
  return sum
end
local function build()
  local parts = {}
  for i = 1, 150000 do parts[i] = { i, "part " .. i } end
  return #parts
end
print(draw(600000), draw(900000), build(), arg[1])
`;
export const LIB = 'return { work = function(i) return i % 7 + i // 3 end }\n';

/** Makes a file when it has begun. */
export const ENDLESS = 'local n = 0\nfor i = 1, 1000 do n = n + i end\nio.open("running", "w"):close()\nwhile true do n = n + 1 end\n';

/** Fails in its second line, which no compiler can know. */
export const FAILS = 'local t = arg.nothing\nprint(t.x)\n';

/** As many lines as are asked for, each of which is hot, and none longer than 80 columns. */
export function manyHotLines(count) {
  const lines = Array.from({ length: count }, (_, index) => `  total = total + step * ${index} % 7 -- what line ${index + 4} of the program adds to it`);
  return ['local total = 0', 'for step = 1, 2000 do', ...lines, 'end', 'print(total)', ''].join('\n');
}

/** A file of about 10,000 lines in functions, of which few are hot. */
export function longFile(count) {
  const functions = Array.from({ length: count / 5 }, (_, index) => `local function f${index}(n)\n  local sum = n\n  for i = 1, n do sum = sum + i end\n  return sum\nend`);
  const few = functions.map((text, index) => (index % 150 === 149 ? `do\n${text}\nf${index}(2000)\nend` : `do\n${text}\nend`));
  return `${few.join('\n')}\n`;
}

/** Short enough to be seen whole, for the pictures. */
export const WORDS = `-- Counts the words of a text.
local function split(text)
  local words = {}
  for word in text:gmatch("%a+") do
    words[#words + 1] = word:lower()
  end
  return words
end

local function count(words)
  local times = {}
  for _, word in ipairs(words) do
    times[word] = (times[word] or 0) + 1
  end
  return times
end

local text = ("the quick fox jumps over the lazy dog "):rep(60000)
local times = count(split(text))
for word, number in pairs(times) do print(word, number) end
`;
