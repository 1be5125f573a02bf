-- How the line of one lock is kept in Redis: read, changed claim by claim, and written back. This text stands in front
-- of every script that changes a line, line.lua follows it, and `limits` stands in front of both (scripts.ts).
--
-- Four keys a lock, all with one hash tag:
--   line    HASH, in one of two forms
--   ends    ZSET  id -> when a claim that holds or lingers ends (µs)
--   order   ZSET  id -> number of a claim that waits
--   places  ZSET  id -> when its place is dropped (µs)
-- Alone, a line has nobody or one claim that does not wait, and is one field of the HASH, so that a lock nobody waits for
-- costs one read and one write of one field (thirteen fields cost the server twice the time):
--   a       f|t|x        free
--           h|id|t|x|ends|delay|weight|ttl|provisional|changes of the note|c|channel|length of owner|owner and note
--           l|…          the same, of a claim that lingers
--           A capital letter says that somebody may observe the line.
-- Otherwise each of these is a field, and the ZSETs are there:
--   t last token · v version of what observers see · x when the keys expire (ms) · c capacity
--   d the waiter that was last told it is the head · o last number given in `order`
--   h claims that hold or linger · u their weight · z those that linger without weight · q claims that wait
--   r:<id> the claim · w:<id> who claims · n:<id> its note
-- In both forms: b observed until (µs) · e, e:<id> why a claim was evicted.
--
-- A claim r:<id> is state|token|weight|ends|delay|ttl|provisional|channel, where the state is h(eld), l(ingering) or
-- w(aiting). Times are µs of the server's clock. Numbers stay below 2^53 until the year 2255; what a caller sends as a
-- token may be larger and is compared as text.

-- What a claim says of itself, in the words in which it is sent and kept; the line takes over who says so.
local function claimOf(line, id, spec)
  local delay, weight, ttl, provisional, changes, capacity, channel, length, texts = string.match(
    spec, '^(%d+)|(%d+)|(%d+)|(%d)|(%d+)|(%d+)|([^|]*)|(%d+)|(.*)$')
  line.capacity, line.changes = tonumber(capacity), tonumber(changes)
  line.owner, line.note = string.sub(texts, 1, tonumber(length)), string.sub(texts, tonumber(length) + 1)
  return {
    id = id, weight = tonumber(weight), delay = tonumber(delay), ttl = tonumber(ttl), provisional = provisional,
    channel = channel,
  }
end

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

local function count(line, claim, by)
  if claim.state == 'w' then
    line.waiting = line.waiting + by
    return
  end
  line.holding = line.holding + by
  line.used = line.used + by * claim.weight
  if claim.state == 'l' and claim.weight == 0 then line.weightless = line.weightless + by end
end

local function openAlone(line, text)
  line.alone = text
  local state, rest = string.match(text, '^(%a)|(.*)$')
  if string.lower(state) == 'f' then
    local token, expires = string.match(rest, '^(%d+)|(%d+)$')
    line.token, line.expires = tonumber(token), tonumber(expires)
    return
  end
  local id, token, expires, ends, spec = string.match(rest, '^([^|]+)|(%d+)|(%d+)|(%d+)|(.*)$')
  local claim = claimOf(line, id, spec)
  claim.state, claim.token, claim.ends = string.lower(state), token, tonumber(ends)
  line.token, line.expires, line.solo = tonumber(token), tonumber(expires), claim
  count(line, claim, 1)
end

-- `at` is where the four keys of the line begin in KEYS.
local function open(at)
  local found = redis.call('HMGET', KEYS[at], 'a', 'b', 't', 'v', 'x', 'c', 'h', 'u', 'z', 'q', 'o', 'd')
  local line = {
    key = KEYS[at], ends = KEYS[at + 1], order = KEYS[at + 2], places = KEYS[at + 3],
    observed = tonumber(found[2] or 0),
    token = tonumber(found[3] or 0), version = tonumber(found[4] or 0), expires = tonumber(found[5] or 0),
    capacity = tonumber(found[6] or 0),
    holding = tonumber(found[7] or 0), used = tonumber(found[8] or 0), weightless = tonumber(found[9] or 0),
    waiting = tonumber(found[10] or 0), number = tonumber(found[11] or 0), head = found[12] or '',
    known = {}, several = false, changes = 0,
  }
  if found[1] then
    openAlone(line, found[1])
  elseif found[3] then
    line.spread = true
  else
    -- A HASH that was lost alone leaves claims behind that nobody counts.
    redis.call('DEL', line.ends, line.order, line.places)
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
  line.known, line.solo, line.alone, line.spread, line.seen, line.observed = {}, nil, nil, false, true, 0
  line.expires, line.prolonged = math.ceil(now / 1000) + limits.idleMs, true
end

local function write(line, claim)
  if claim ~= line.solo then
    redis.call('HSET', line.key, 'r:' .. claim.id, encode(claim))
    redis.call('ZADD', claim.state == 'w' and line.places or line.ends, int(claim.ends), claim.id)
  end
  outlive(line, claim)
end

-- From the form for one claim to the one for several.
local function spread(line)
  line.several = true
  local claim = line.solo
  if not claim then return end
  local reason = claim.state == 'l' and redis.call('HGET', line.key, 'e')
  line.solo = nil
  line.known[claim.id] = claim
  redis.call('HSET', line.key, 'w:' .. claim.id, line.owner, 'n:' .. claim.id, line.note)
  if reason then
    redis.call('HDEL', line.key, 'e')
    redis.call('HSET', line.key, 'e:' .. claim.id, reason)
  end
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

local function textOfAlone(line)
  local isObserved, claim = line.observed > now, line.solo
  if not claim then return table.concat({ isObserved and 'F' or 'f', int(line.token), int(line.expires) }, '|') end
  return table.concat({
    isObserved and string.upper(claim.state) or claim.state, claim.id, int(line.token), int(line.expires),
    int(claim.ends), int(claim.delay), int(claim.weight), int(claim.ttl), claim.provisional, line.changes,
    int(line.capacity), claim.channel, #line.owner, line.owner .. line.note,
  }, '|')
end

local function saveAlone(line)
  local text = textOfAlone(line)
  if text == line.alone then return end
  redis.call('HSET', line.key, 'a', text)
  if line.spread then redis.call('HDEL', line.key, 't', 'v', 'x', 'c', 'h', 'u', 'z', 'q', 'o', 'd') end
end

local function saveSeveral(line)
  if not line.several and not line.seen and not line.prolonged then return end
  redis.call('HSET', line.key,
    't', int(line.token), 'v', int(line.version), 'x', int(line.expires), 'c', int(line.capacity),
    'h', int(line.holding), 'u', int(line.used), 'z', int(line.weightless), 'q', int(line.waiting),
    'o', int(line.number), 'd', line.head)
  -- Last, because a HASH without a field is gone, and its expiry with it.
  if line.alone then redis.call('HDEL', line.key, 'a') end
end

-- What observers compare. Alone, a line needs no number of its own: its token and its state say what has changed.
local function versionOf(line, isAlone)
  if not isAlone then return int(line.version) end
  if not line.solo then return 'f' .. int(line.token) end
  return line.solo.state .. int(line.token) .. '.' .. line.changes
end

local function save(line)
  -- A line that is not there and was not entered stays away.
  if not (line.alone or line.spread or line.seen) then return end
  if line.seen then line.version = math.max(line.version + 1, now) end
  local isAlone = line.solo or line.holding + line.waiting == 0
  if isAlone then saveAlone(line) else saveSeveral(line) end
  if line.prolonged then
    for _, key in ipairs({ line.key, line.ends, line.order, line.places }) do bury(line, key) end
  end
  if line.seen and line.observed > now then
    local version = versionOf(line, isAlone)
    redis.call('PUBLISH', line.key, version)
    if limits.isCluster then redis.call('SPUBLISH', line.key, version) end
  end
end
