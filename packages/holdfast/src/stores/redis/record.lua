-- How the line of one lock is kept in Redis, and how it is read. `limits` stands in front of this text (scripts.ts), save.lua
-- and line.lua follow it. docs/protocols/redis.md says what a cut between any two commands leaves.
--
-- Keys, all in one slot of a Cluster:
--   floor   STRING  the highest token that was ever given on this server, in a Cluster: in this slot
--   line    HASH    the record: everything that decides
--   index   ZSET    an index of the record, made again from the record when it is lost
--
-- A free line without observers has no keys. A line with one claim that does not wait is *compact*, so that a lock
-- without waiters costs a few short commands:
--   a       h|token|id|ttl|provisional|delay|weight|changes of the note|capacity|channel|length of owner|owner and note
--           l|…       the same, of a claim that lingers
--           A capital letter: the line outlives its claim, for observers or for ids that left.
--   x       when the claim ends (µs)
--   e       why it was evicted
-- Otherwise the line is *expanded*:
--   h, u, z claims that hold or linger, their weight, those of them without weight · q claims that wait
--   t       last token · v version for observers · m when the record was last written (µs) · c capacity
--   o       last number given to a waiter · d the waiter that was last told that it is the head
--   r:<id>  state|token|weight|ends|delay|ttl|provisional|number|channel, or nothing for a claim that was removed;
--           the state is h(eld), l(ingering) or w(aiting)
--   w:<id>  who claims · n:<id> its note, unless it is empty · e:<id> why it was evicted
-- In both forms:
--   b       observed until (µs) · k: ids that left are remembered until (µs)
-- While there is a field `a`, it alone counts, and fields of an expanded line are leftovers.
--
-- Members of the index, in three bands of scores:
--   o:<id>  a claim that waits: its number, far below zero, so that its rank is the number of waiters ahead
--   g:<id>  an id that left while a request of it may still arrive: until when it is remembered
--   e:<id>  a claim: when it ends
--
-- Times are µs of the server's clock. Numbers stay below 2^53 until the year 2255, and those in the bands above -2^53. What
-- a caller sends as a token may be larger and is compared as text. The `delay` of a claim that lingers is for how long,
-- also where a minimum hold is the reason.

local ORDER_BAND, LEFT_BAND = 8e15, 4e15

-- A claim as its process describes it, in the words in which it is sent and kept; the line takes over who says so.
local function parse(line, text)
  local state, token, id, ttl, provisional, delay, weight, changes, capacity, channel, length, texts = string.match(
    text, '^(%a)|(%d+)|([^|]+)|(%d+)|(%d)|(%d+)|(%d+)|(%d+)|(%d+)|([^|]*)|(%d+)|(.*)$')
  line.capacity, line.changes = tonumber(capacity), tonumber(changes)
  line.owner, line.note = string.sub(texts, 1, tonumber(length)), string.sub(texts, tonumber(length) + 1)
  return {
    id = id, state = string.lower(state), token = token, weight = tonumber(weight), delay = tonumber(delay),
    ttl = tonumber(ttl), provisional = provisional, number = 0, channel = channel,
  }
end

local function decode(id, text)
  local state, token, weight, ends, delay, ttl, provisional, number, channel =
    string.match(text, '^(%a)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d)|(%d+)|(.*)$')
  return {
    id = id, state = state, token = token, weight = tonumber(weight), ends = tonumber(ends), delay = tonumber(delay),
    ttl = tonumber(ttl), provisional = provisional, number = tonumber(number), channel = channel,
  }
end

local function encode(claim)
  return table.concat({
    claim.state, claim.token, int(claim.weight), int(claim.ends), int(claim.delay), int(claim.ttl), claim.provisional,
    int(claim.number), claim.channel,
  }, '|')
end

local function count(line, claim, by)
  if claim.state == 'w' then
    line.waiting = line.waiting + by
    return
  end
  line.holding = line.holding + by
  line.used = line.used + by * claim.weight
  if claim.state == 'l' and claim.weight == 0 then line.weightless = line.weightless + by end
end

-- To be written by `save`.
local function write(line, claim)
  line.lasts = math.max(line.lasts, claim.ends + claim.delay)
  line.changed = true
  if claim ~= line.solo then line.dirty[claim.id] = claim end
end

-- A waiter must outlive a stall, and a dead one must go.
local function placeLife(claim)
  return math.min(math.max(claim.ttl, limits.provisional), limits.place)
end

local function longestLife(claim)
  if claim.state == 'h' then return claim.ttl end
  if claim.state == 'w' then return placeLife(claim) end
  return claim.weight == 0 and math.max(claim.ttl, claim.delay) or claim.delay
end

-- No more than a whole life can be left of a claim, whatever its record says: a clock that was set back must not keep a
-- dead lock.
local function cut(line, claim)
  local latest = now + longestLife(claim)
  if claim.ends <= latest then return end
  claim.ends = latest
  write(line, claim)
end

-- Every claim of the record, with what this script has changed.
local function readAll(line)
  local flat = redis.call('HGETALL', line.key)
  for index = 1, #flat, 2 do
    local id = string.match(flat[index], '^r:(.*)$')
    if id and line.known[id] == nil then
      line.known[id] = flat[index + 1] ~= '' and decode(id, flat[index + 1]) or false
    end
  end
end

-- `at` is where the two keys of the line begin in KEYS.
local function open(at)
  local found = redis.call('HMGET', KEYS[at], 'a', 'x', 'e', 'b', 'k', 'h', 'u', 'z', 'q', 't', 'v', 'm', 'c', 'o', 'd')
  local line = {
    key = KEYS[at], index = KEYS[at + 1], compact = found[1], reason = found[3],
    observed = math.min(tonumber(found[4] or 0), now + limits.observed), left = tonumber(found[5] or 0),
    holding = tonumber(found[6] or 0), used = tonumber(found[7] or 0), weightless = tonumber(found[8] or 0),
    waiting = tonumber(found[9] or 0), token = tonumber(found[10] or 0), version = tonumber(found[11] or 0),
    capacity = tonumber(found[13] or 0), number = tonumber(found[14] or 0), head = found[15] or '',
    known = {}, dirty = {}, order = {}, messages = {}, lasts = 0, changes = 0, fields = 0,
  }
  for field = 1, 5 do if found[field] then line.fields = line.fields + 1 end end
  if found[1] then
    local claim = parse(line, found[1])
    claim.ends, line.token, line.solo = tonumber(found[2]), tonumber(claim.token), claim
    line.holding, line.used, line.weightless, line.waiting, line.version = 0, 0, 0, 0, 0
    count(line, claim, 1)
    cut(line, claim)
  elseif found[6] then
    line.isExpanded = true
    if tonumber(found[12]) > now then
      readAll(line)
      line.changed = true
      for _, claim in pairs(line.known) do if claim then cut(line, claim) end end
    end
  elseif not (found[4] or found[5]) then
    -- Redis evicted the record alone: its claims may still be held, by processes that cannot be asked. All keys of a line
    -- expire together, so the line refuses for as long as its index is there.
    line.isDamaged = redis.call('EXISTS', line.index) == 1
  end
  return line
end

local function find(line, id)
  if line.solo then return line.solo.id == id and line.solo or nil end
  if line.known[id] == nil and line.holding + line.waiting > 0 then
    local text = redis.call('HGET', line.key, 'r:' .. id)
    line.known[id] = text and text ~= '' and decode(id, text) or false
  end
  return line.known[id] or nil
end

local function remove(line, claim)
  count(line, claim, -1)
  line.seen, line.changed = true, true
  if claim == line.solo then
    line.solo, line.reason = nil, nil
  else
    line.known[claim.id], line.dirty[claim.id] = false, false
  end
end

-- The index is not the one of this record: Redis evicted it, or a script stopped between the two. Everything is counted
-- again from the record, which was written by one command, and `save` writes a new index.
local function rebuild(line)
  readAll(line)
  line.isRebuilt, line.changed, line.order = true, true, {}
  line.holding, line.used, line.weightless, line.waiting = 0, 0, 0, 0
  for _, claim in pairs(line.known) do
    if claim then
      count(line, claim, 1)
      if claim.state == 'w' then table.insert(line.order, claim) end
    end
  end
  table.sort(line.order, function(one, other) return one.number < other.number end)
  for place, claim in ipairs(line.order) do line.order[place] = claim.id end
end
