-- How the line of one lock is kept in Redis: read, changed claim by claim, and written back. This text stands in front
-- of every script that changes a line, line.lua follows it, and `limits` stands in front of both (scripts.ts).
--
-- Four keys a lock, all with one hash tag:
--   line    HASH  t last token · v version of what observers see · x when the keys expire (ms) · b observed until (µs)
--                 c capacity · d the waiter that was last told it is the head · o last number given in `order`
--                 h claims that hold or linger · u their weight · z those that linger without weight · q claims that wait
--                 r:<id> the claim · w:<id> who claims · n:<id> its note · e:<id> why it was evicted
--   ends    ZSET  id -> when a claim that holds or lingers ends (µs)
--   order   ZSET  id -> number of a claim that waits
--   places  ZSET  id -> when its place is dropped (µs)
-- A line with one claim that does not wait needs the HASH alone: s is its id, r w n e are its fields, and h u z q are 0.
-- So a lock that nobody waits for costs one read and one write of one key.
--
-- A claim is state|token|weight|ends|delay|ttl|provisional|channel, where the state is h(eld), l(ingering) or w(aiting).
-- Times are µs of the server's clock. Numbers stay below 2^53 until the year 2255; what a caller sends as a token may
-- be larger and is compared as text.

local function decode(id, text)
  local state, token, weight, ends, delay, ttl, provisional, channel =
    string.match(text, '^(%a)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d)|(.*)$')
  return {
    id = id, state = state, token = token, weight = tonumber(weight), ends = tonumber(ends), delay = tonumber(delay),
    ttl = tonumber(ttl), provisional = provisional, channel = channel,
  }
end

local function encode(claim)
  return table.concat({
    claim.state, claim.token, int(claim.weight), int(claim.ends), int(claim.delay), int(claim.ttl), claim.provisional,
    claim.channel,
  }, '|')
end

local function set(line, field, value)
  line.put[#line.put + 1] = field
  line.put[#line.put + 1] = value
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

-- `at` is where the four keys of the line begin in KEYS.
local function open(at)
  local found = redis.call('HMGET', KEYS[at],
    't', 'v', 'x', 'b', 'c', 's', 'r', 'h', 'u', 'z', 'q', 'o', 'd')
  local line = {
    key = KEYS[at], ends = KEYS[at + 1], order = KEYS[at + 2], places = KEYS[at + 3],
    token = tonumber(found[1] or 0), version = tonumber(found[2] or 0), expires = tonumber(found[3] or 0),
    observed = tonumber(found[4] or 0), capacity = tonumber(found[5] or 0),
    holding = tonumber(found[8] or 0), used = tonumber(found[9] or 0), weightless = tonumber(found[10] or 0),
    waiting = tonumber(found[11] or 0), number = tonumber(found[12] or 0), head = found[13] or '',
    known = {}, put = {},
  }
  -- A HASH that was lost alone leaves claims behind that nobody counts.
  if not found[1] then redis.call('DEL', line.ends, line.order, line.places) end
  if found[6] and found[6] ~= '' then
    line.solo = decode(found[6], found[7])
    count(line, line.solo, 1)
  end
  return line
end

-- Keys outlive their last claim by an hour, and are prolonged in steps of ten minutes.
local function outlive(line, claim)
  local needed = math.ceil((claim.ends + claim.delay) / 1000) + limits.idleMs
  if line.expires >= needed - limits.idleMs / 6 then return end
  line.expires = needed
  line.prolonged = true
end

local function bury(line, key)
  redis.call('PEXPIREAT', key, int(line.expires))
end

-- What is inconsistent because Redis evicted a part of it: the claims are lost, the token is not.
local function reset(line)
  redis.call('DEL', line.key, line.ends, line.order, line.places)
  line.holding, line.used, line.weightless, line.waiting, line.head = 0, 0, 0, 0, ''
  line.known, line.put, line.solo, line.seen, line.several = {}, { 't', int(line.token) }, nil, true, true
  line.expires, line.prolonged = math.ceil(now / 1000) + limits.idleMs, true
end

local function write(line, claim)
  if claim == line.solo then
    line.rewritten = true
  else
    redis.call('HSET', line.key, 'r:' .. claim.id, encode(claim))
    redis.call('ZADD', claim.state == 'w' and line.places or line.ends, int(claim.ends), claim.id)
  end
  outlive(line, claim)
end

-- From the form for one claim to the one for several.
local function spread(line)
  local claim = line.solo
  line.several = true
  if not claim then return end
  local texts = redis.call('HMGET', line.key, 'w', 'n', 'e')
  line.solo = nil
  line.known[claim.id] = claim
  redis.call('HDEL', line.key, 's', 'r', 'w', 'n', 'e')
  redis.call('HSET', line.key, 'w:' .. claim.id, texts[1] or '', 'n:' .. claim.id, texts[2] or '')
  if texts[3] then redis.call('HSET', line.key, 'e:' .. claim.id, texts[3]) end
  write(line, claim)
  bury(line, line.ends)
end

local function find(line, id)
  if line.solo then
    if line.solo.id == id then return line.solo end
    return nil
  end
  if line.known[id] == nil and line.holding + line.waiting > 0 then
    local text = redis.call('HGET', line.key, 'r:' .. id)
    line.known[id] = text and decode(id, text) or false
  end
  return line.known[id] or nil
end

local function remove(line, claim)
  count(line, claim, -1)
  line.seen = true
  if claim == line.solo then
    line.solo = nil
    line.rewritten = false
    for _, field in ipairs({ 's', 'r', 'w', 'n' }) do set(line, field, '') end
    if claim.state == 'l' then redis.call('HDEL', line.key, 'e') end
    return
  end
  line.several = true
  redis.call('HDEL', line.key, 'r:' .. claim.id, 'w:' .. claim.id, 'n:' .. claim.id, 'e:' .. claim.id)
  if claim.state == 'w' then
    redis.call('ZREM', line.order, claim.id)
    redis.call('ZREM', line.places, claim.id)
  else
    redis.call('ZREM', line.ends, claim.id)
  end
  line.known[claim.id] = false
end

local function save(line)
  if line.rewritten and line.solo then set(line, 'r', encode(line.solo)) end
  if line.seen then
    line.version = math.max(line.version + 1, now)
    set(line, 't', int(line.token))
    set(line, 'v', int(line.version))
  end
  if line.several then
    local counts = line.solo and 0 or 1
    set(line, 'h', int(line.holding * counts))
    set(line, 'u', int(line.used * counts))
    set(line, 'z', int(line.weightless * counts))
    set(line, 'q', int(line.waiting))
    set(line, 'o', int(line.number))
    set(line, 'd', line.head)
  end
  if line.prolonged then set(line, 'x', int(line.expires)) end
  if #line.put == 0 then return end
  redis.call('HSET', line.key, unpack(line.put))
  if line.prolonged then
    for _, key in ipairs({ line.key, line.ends, line.order, line.places }) do bury(line, key) end
  end
  if line.seen and line.observed > now then
    redis.call('PUBLISH', line.key, int(line.version))
    if limits.isCluster then redis.call('SPUBLISH', line.key, int(line.version)) end
  end
end
