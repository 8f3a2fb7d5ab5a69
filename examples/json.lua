-- A small JSON reader and writer, and a round trip through both: writes a catalogue of so many books, reads it back,
-- and checks that a second writing gives the same text.
--
--   perilune profile examples/json.lua 200

local json = {}

json.null = setmetatable({}, { __tostring = function() return "null" end })

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local UNESCAPES = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function encode_string(text)
  return '"' .. text:gsub('[%c"\\]', function(char)
    return ESCAPES[char] or string.format("\\u%04x", char:byte())
  end) .. '"'
end

local function sorted_keys(object)
  local keys = {}
  for key in pairs(object) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local encode_value

local function encode_table(value, out)
  if #value > 0 or next(value) == nil then
    out[#out + 1] = "["
    for i, item in ipairs(value) do
      if i > 1 then out[#out + 1] = "," end
      encode_value(item, out)
    end
    out[#out + 1] = "]"
    return
  end
  out[#out + 1] = "{"
  for i, key in ipairs(sorted_keys(value)) do
    if i > 1 then out[#out + 1] = "," end
    out[#out + 1] = encode_string(key)
    out[#out + 1] = ":"
    encode_value(value[key], out)
  end
  out[#out + 1] = "}"
end

function encode_value(value, out)
  local kind = type(value)
  if value == json.null then
    out[#out + 1] = "null"
  elseif kind == "table" then
    encode_table(value, out)
  elseif kind == "string" then
    out[#out + 1] = encode_string(value)
  elseif kind == "number" then
    out[#out + 1] = math.type(value) == "integer" and tostring(value) or string.format("%.14g", value)
  elseif kind == "boolean" then
    out[#out + 1] = tostring(value)
  else
    error("cannot encode a " .. kind)
  end
end

function json.encode(value)
  local out = {}
  encode_value(value, out)
  return table.concat(out)
end

local function fail(text, position, message)
  local _, line_ends = text:sub(1, position):gsub("\n", "")
  error(string.format("line %d: %s", line_ends + 1, message), 0)
end

local function skip_space(text, position)
  return text:find("[^ \t\r\n]", position) or #text + 1
end

local function decode_string(text, position)
  local parts = {}
  local from = position + 1
  while true do
    local at = text:find('["\\]', from)
    if not at then fail(text, position, "unfinished string") end
    parts[#parts + 1] = text:sub(from, at - 1)
    if text:byte(at) == 34 then
      return table.concat(parts), at + 1
    end
    local escape = text:sub(at + 1, at + 1)
    if escape == "u" then
      local digits = text:match("^%x%x%x%x", at + 2) or fail(text, at, "invalid escape")
      parts[#parts + 1] = utf8.char(tonumber(digits, 16))
      from = at + 6
    else
      parts[#parts + 1] = UNESCAPES[escape] or fail(text, at, "invalid escape")
      from = at + 2
    end
  end
end

local decode_value

local function decode_array(text, position)
  local array = {}
  position = skip_space(text, position + 1)
  if text:sub(position, position) == "]" then return array, position + 1 end
  while true do
    array[#array + 1], position = decode_value(text, position)
    position = skip_space(text, position)
    local char = text:sub(position, position)
    if char == "]" then return array, position + 1 end
    if char ~= "," then fail(text, position, "',' or ']' expected") end
    position = position + 1
  end
end

local function decode_object(text, position)
  local object = {}
  position = skip_space(text, position + 1)
  if text:sub(position, position) == "}" then return object, position + 1 end
  while true do
    position = skip_space(text, position)
    if text:sub(position, position) ~= '"' then fail(text, position, "name expected") end
    local key
    key, position = decode_string(text, position)
    position = skip_space(text, position)
    if text:sub(position, position) ~= ":" then fail(text, position, "':' expected") end
    object[key], position = decode_value(text, position + 1)
    position = skip_space(text, position)
    local char = text:sub(position, position)
    if char == "}" then return object, position + 1 end
    if char ~= "," then fail(text, position, "',' or '}' expected") end
    position = position + 1
  end
end

local WORDS = { ["true"] = true, ["false"] = false, ["null"] = json.null }

function decode_value(text, position)
  position = skip_space(text, position)
  local char = text:sub(position, position)
  if char == "{" then return decode_object(text, position) end
  if char == "[" then return decode_array(text, position) end
  if char == '"' then return decode_string(text, position) end
  local number = text:match("^-?%d+%.?%d*[eE]?[+-]?%d*", position)
  if number then return tonumber(number), position + #number end
  local word = text:match("^%a+", position)
  if word == nil or WORDS[word] == nil then fail(text, position, "value expected") end
  return WORDS[word], position + #word
end

function json.decode(text)
  local value, position = decode_value(text, 1)
  position = skip_space(text, position)
  if position <= #text then fail(text, position, "unexpected text after the value") end
  return value
end

-- The round trip.

local function catalogue(size)
  local books = {}
  for i = 1, size do
    books[i] = {
      title = "Book \"" .. i .. "\"",
      pages = 100 + i * 37 % 400,
      price = 5 + i % 50 / 4,
      tags = { "shelf " .. i % 7, i % 2 == 0 and "even" or "odd" },
      lent = i % 3 == 0,
      sequel = i < size and "Book \"" .. i + 1 .. "\"" or json.null,
    }
  end
  return { books = books, note = "naïve\ttabs and\nlines" }
end

local size = math.tointeger(tonumber((...) or 100)) or error("usage: json.lua [BOOKS]", 0)
local text = json.encode(catalogue(size))
local again = json.encode(json.decode(text))
assert(text == again, "the round trip changed the text")
print(string.format("%d books, %d bytes of JSON, equal after a round trip", size, #text))
