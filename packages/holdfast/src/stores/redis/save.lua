-- How a line is written back: the record by one command, then the index, then the messages. A script that stops half-way,
-- because a right was taken from its user, leaves the record as it was or as it shall be. Nothing is told that is not written.

-- Lua hands over a few thousand words at once.
local WORDS_MAX = 4000

local function callWith(command, key, words)
  for first = 1, #words, WORDS_MAX do
    redis.call(command, key, unpack(words, first, math.min(first + WORDS_MAX - 1, #words)))
  end
end

local function push(words, ...)
  for _, word in ipairs({ ... }) do words[#words + 1] = word end
end

-- The floor of tokens, 0 when the server remembers none. It is raised before a token is written anywhere.
local floor

local function readFloor()
  floor = floor or tonumber(redis.call('GET', KEYS[1]) or 0)
  return floor
end

-- Whether a token had to be made by a clock alone that may be wrong.
local function isUnfounded(line)
  return now > asker + limits.jump and line.token == 0 and readFloor() == 0
end

-- Tokens follow the server's clock as far as the asker's agrees, so that a clock which is days ahead for a moment does not
-- take all tokens along. (docs/protocols/tokens.md#a-second-clock-that-is-a-stranger)
local function nextToken(line)
  floor = math.max(readFloor() + 1, line.token + 1, math.min(now, asker + limits.jump))
  line.token, line.isGranted = floor, true
  return int(floor)
end

local function expand(line)
  local claim = line.solo
  if not claim then return end
  line.solo = nil
  line.known[claim.id] = claim
  claim.owner, claim.reason = line.owner, line.reason
  if line.note ~= '' then claim.note = line.note end
  write(line, claim)
end

-- What a script left behind that stopped on its way from the compact form to the other one.
local function clearLeftovers(line)
  local words = {}
  for _, field in ipairs(redis.call('HKEYS', line.key)) do
    if not string.find(field, '^[axbke]$') then words[#words + 1] = field end
  end
  callWith('HDEL', line.key, words)
end

local function clearIndex(line)
  redis.call('ZREMRANGEBYSCORE', line.index, '-inf', '(' .. int(-LEFT_BAND))
  redis.call('ZREMRANGEBYSCORE', line.index, 0, '+inf')
end

local function saveIndex(line)
  local added, removed = {}, {}
  if line.isRebuilt then clearIndex(line) end
  for id, claim in pairs(line.isRebuilt and line.known or line.dirty) do
    if not claim then
      if not line.isRebuilt then push(removed, 'e:' .. id, 'o:' .. id) end
    else
      push(added, int(claim.ends), 'e:' .. id)
      if claim.state == 'w' then push(added, int(claim.number - ORDER_BAND), 'o:' .. id)
      elseif claim.hasWaited or claim.replaces then push(removed, 'o:' .. id) end
    end
  end
  callWith('ZADD', line.index, added)
  callWith('ZREM', line.index, removed)
end

local function saveExpanded(line)
  if line.compact and redis.call('HLEN', line.key) > line.fields then
    clearLeftovers(line)
    clearIndex(line)
  end
  local words, over = {}, {}
  for id, claim in pairs(line.dirty) do
    push(words, 'r:' .. id, claim and encode(claim) or '')
    if not claim then push(over, 'r:' .. id, 'w:' .. id, 'n:' .. id, 'e:' .. id)
    else
      if claim.owner then push(words, 'w:' .. id, claim.owner) end
      if claim.note then push(words, 'n:' .. id, claim.note) end
      if claim.reason then push(words, 'e:' .. id, claim.reason) end
      if claim.replaces then push(over, claim.note and 'e:' .. id or 'n:' .. id, 'e:' .. id) end
    end
  end
  if line.left > now then push(words, 'k', int(line.left)) end
  push(words, 'h', int(line.holding), 'u', int(line.used), 'z', int(line.weightless), 'q', int(line.waiting),
    't', int(line.token), 'v', int(line.version), 'm', int(now), 'c', int(line.capacity), 'o', int(line.number),
    'd', line.head)
  callWith('HSET', line.key, words)
  saveIndex(line)
  if line.compact then push(over, 'a', 'x', 'e') end
  callWith('HDEL', line.key, over)
end

local function saveCompact(line, isKept)
  local claim = line.solo
  local words = { 'a', table.concat({
    isKept and string.upper(claim.state) or claim.state, claim.token, claim.id, int(claim.ttl), claim.provisional,
    int(claim.delay), int(claim.weight), line.changes, int(line.capacity), claim.channel, #line.owner,
    line.owner .. line.note,
  }, '|'), 'x', int(claim.ends) }
  if line.left > now then push(words, 'k', int(line.left)) end
  if line.reason then push(words, 'e', line.reason) end
  redis.call('HSET', line.key, unpack(words))
  if not line.reason and line.compact then redis.call('HDEL', line.key, 'e') end
end

-- Keys outlive the last claim by a minute, and are prolonged in steps of half of that, never shortened. They expire together,
-- or the index first: it can be made again.
local function extendExpiry(line)
  local claimsMs = line.lasts > 0 and (line.lasts - now) / 1000 + limits.idleMs / 2 or 0
  local keptMs = (math.max(line.observed, line.left) - now) / 1000
  local left, leftOfIndex = redis.call('PTTL', line.key), redis.call('PTTL', line.index)
  local least = math.max(claimsMs, keptMs)
  if left >= least and (leftOfIndex == -2 or leftOfIndex >= least) then return end
  local span = math.ceil(math.max(claimsMs + limits.idleMs / 2, keptMs + limits.slackMs, left, leftOfIndex))
  redis.call('PEXPIRE', line.index, int(span))
  redis.call('PEXPIRE', line.key, int(span))
end

-- What observers compare. A compact line needs no number of its own: its token and its state say what has changed.
local function versionOf(line)
  if not line.solo then return int(line.version) end
  return line.solo.state .. line.solo.token .. '.' .. line.changes
end

-- Channels without a listener: their processes are gone.
local unheardChannels = {}

local function isUnheard(claim)
  if not limits.listenersAreCounted then return false end
  local channel = claim.channel
  if unheardChannels[channel] == nil then
    unheardChannels[channel] = redis.call('PUBSUB', 'NUMSUB', channel)[2] == 0
  end
  return unheardChannels[channel]
end

-- A channel that begins as the line does is a sharded one.
local function publish(line)
  for _, message in ipairs(line.messages) do
    local claim, words = message.claim, { message.wordsOf(line, message.claim) }
    local isSharded = limits.isCluster and string.sub(claim.channel, 1, #line.key) == line.key
    local text = table.concat({ words[1], line.key, claim.id, int(now), words[2], words[3] }, '|')
    redis.call(isSharded and 'SPUBLISH' or 'PUBLISH', claim.channel, text)
  end
  if line.seen and line.observed > now then
    local version = versionOf(line)
    redis.call('PUBLISH', line.key, version)
    if limits.isCluster then redis.call('SPUBLISH', line.key, version) end
  end
end

local function saveLeft(line)
  if not line.leftId then return end
  redis.call('ZREMRANGEBYSCORE', line.index, int(-LEFT_BAND), int(now - LEFT_BAND))
  redis.call('ZADD', line.index, int(line.leftUntil - LEFT_BAND), 'g:' .. line.leftId)
end

local function save(line)
  if not line.changed or line.isDamaged then return end
  if line.seen then line.version = math.max(line.version + 1, now) end
  local isKept = line.observed > now or line.left > now
  if line.isGranted then redis.call('SET', KEYS[1], int(floor)) end
  if line.holding + line.waiting == 0 and not isKept then
    redis.call('DEL', line.key, line.index)
  else
    if line.solo then saveCompact(line, isKept) else saveExpanded(line) end
    saveLeft(line)
    extendExpiry(line)
  end
  publish(line)
end
