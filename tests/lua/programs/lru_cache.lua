local Cache = {}
Cache.__index = Cache

local function new_cache(capacity)
  local head, tail = {}, {}
  head.after, tail.before = tail, head
  return setmetatable({capacity = capacity, size = 0, entries = {}, head = head, tail = tail}, Cache)
end

local function unlink(entry)
  entry.before.after, entry.after.before = entry.after, entry.before
end

function Cache:to_front(entry)
  local first = self.head.after
  entry.before, entry.after = self.head, first
  self.head.after, first.before = entry, entry
end

function Cache:get(key)
  local entry = self.entries[key]
  if not entry then return nil end
  unlink(entry)
  self:to_front(entry)
  return entry.value
end

function Cache:put(key, value)
  local entry = self.entries[key]
  if entry then
    entry.value = value
    return self:get(key)
  end
  if self.size == self.capacity then
    local oldest = self.tail.before
    unlink(oldest)
    self.entries[oldest.key] = nil
  else
    self.size = self.size + 1
  end
  entry = {key = key, value = value}
  self.entries[key] = entry
  self:to_front(entry)
end

local cache = new_cache(2)
cache:put("a", 1)
cache:put("b", 2)
print(cache:get("a"))                                              -- expect: 1
cache:put("c", 3)
print(cache:get("a"), cache:get("b"), cache:get("c"), cache.size)  -- expect: 1	nil	3	2
