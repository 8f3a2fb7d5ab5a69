local escapes = {['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t"}

local function encode(value)
  if type(value) == "string" then return '"' .. value:gsub('[%c"\\]', escapes) .. '"' end
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  if #value > 0 or next(value) == nil then
    for i, item in ipairs(value) do parts[i] = encode(item) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for key, item in pairs(value) do parts[#parts + 1] = encode(key) .. ":" .. encode(item) end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end

local decode_value

local function skip(text, at) return text:match("^%s*()", at) end

local function fail(text, at)
  error(("unexpected %q at %d"):format(text:sub(at, at), at), 0)
end

local function decode_list(text, at, close, read_item)
  at = skip(text, at + 1)
  while text:sub(at, at) ~= close do
    at = skip(text, read_item(at))
    local c = text:sub(at, at)
    if c == "," then at = skip(text, at + 1) elseif c ~= close then fail(text, at) end
  end
  return at + 1
end

local function decode_string(text, at)
  local stop = at
  repeat
    stop = text:find('["\\]', stop + 1) or fail(text, at)
    local escaped = text:sub(stop, stop) == "\\"
    if escaped then stop = stop + 1 end
  until not escaped
  local unescape = {n = "\n", t = "\t"}
  return text:sub(at + 1, stop - 1):gsub("\\(.)", function(c) return unescape[c] or c end), stop + 1
end

function decode_value(text, at)
  at = skip(text, at)
  local c = text:sub(at, at)
  if c == '"' then
    return decode_string(text, at)
  elseif c == "[" then
    local list = {}
    return list, decode_list(text, at, "]", function(i)
      list[#list + 1], i = decode_value(text, i)
      return i
    end)
  elseif c == "{" then
    local object = {}
    return object, decode_list(text, at, "}", function(i)
      local key, value
      key, i = decode_string(text, i)
      i = text:match("^%s*:()", i) or fail(text, i)
      value, i = decode_value(text, i)
      object[key] = value
      return i
    end)
  end
  local word, after = text:match("^([%w.+-]+)()", at)
  if word == "true" or word == "false" then return word == "true", after end
  return tonumber(word) or fail(text, at), after
end

local text = '{"list": [1, 2.5, -3e2, []], "name": "a \\"b\\"\\n", "on": true}'
print(encode((decode_value(text, 1))))  -- expect: {"list":[1,2.5,-300.0,[]],"name":"a \"b\"\n","on":true}
print(pcall(decode_value, "[1 2]", 1))  -- expect: false	unexpected "2" at 4
