-- How a line changes: the rule and the transition of core (line/line.ts, line/transition.ts), step by step the same.

local function linger(line, claim, weight, ends)
  count(line, claim, -1)
  claim.state, claim.weight, claim.ends = 'l', weight, ends
  count(line, claim, 1)
  line.seen = true
  if claim ~= line.solo then line.several = true end
  write(line, claim)
end

-- What a claim becomes when its time is over.
local function lapse(line, claim)
  local untilThen = claim.ends + claim.delay
  if claim.state == 'h' and claim.delay > 0 and untilThen > now then
    linger(line, claim, claim.weight, untilThen)
  else
    remove(line, claim)
  end
end

-- The claim, unless it is over; the token is text, and empty when it is not known.
local function living(line, id, token)
  local claim = find(line, id)
  if claim and claim.ends <= now then
    lapse(line, claim)
    claim = find(line, id)
  end
  if claim and token ~= '' and (claim.state == 'w' or claim.token ~= token) then return nil end
  return claim
end

local function sweepSet(line, key)
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if not first[1] then return reset(line) end
  if tonumber(first[2]) > now then return end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', int(now), 'LIMIT', 0, limits.sweep)) do
    local claim = find(line, id)
    if not claim then return reset(line) end
    lapse(line, claim)
  end
end

-- Ends what is over, at most so many at once; the rest waits for the next script.
local function sweep(line)
  if line.solo then
    if line.solo.ends <= now then lapse(line, line.solo) end
    return
  end
  if line.holding > 0 then sweepSet(line, line.ends) end
  if line.waiting > 0 then sweepSet(line, line.places) end
end

-- Whether more was over than one sweep ends.
local function isBehind(line)
  if line.solo then return false end
  for _, key in ipairs({ line.ends, line.places }) do
    local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if first[2] and tonumber(first[2]) <= now then return true end
  end
  return false
end

-- When the first claim stops counting, at the earliest: exact for one claim, without its lock-delay for several.
local function freeIn(line)
  local at = now + limits.place
  if line.solo then
    at = line.solo.ends + (line.solo.state == 'h' and line.solo.delay or 0)
  else
    local first = redis.call('ZRANGE', line.ends, 0, 0, 'WITHSCORES')
    if first[2] then at = tonumber(first[2]) end
  end
  return int(math.max(0, at - now))
end

-- Channels at which nobody listens: their processes are gone.
local deserted = {}

-- Tells the process of a claim. False when nobody listens there. A channel that begins as the line does is a sharded one.
local function tell(line, claim, kind, ...)
  local words = table.concat({ kind, line.key, claim.id, int(now), ... }, '|')
  local isSharded = limits.isCluster and string.sub(claim.channel, 1, #line.key) == line.key
  local listeners = redis.call(isSharded and 'SPUBLISH' or 'PUBLISH', claim.channel, words)
  if listeners > 0 or not limits.listenersAreCounted then return true end
  deserted[claim.channel] = true
  return false
end

local function nextToken(line)
  line.token = math.max(line.token + 1, now)
  return int(line.token)
end

-- From the line to the lock, with a short life that the waiter has to prolong. Everything is written before it is told.
local function handOver(line, claim, asker)
  line.several = true
  redis.call('ZREM', line.order, claim.id)
  redis.call('ZREM', line.places, claim.id)
  local first = line.holding == 0
  count(line, claim, -1)
  claim.state, claim.token, claim.provisional = 'h', nextToken(line), '1'
  claim.ends = now + math.min(claim.ttl, limits.provisional)
  count(line, claim, 1)
  line.seen = true
  write(line, claim)
  if first then bury(line, line.ends) end
  if claim.id == asker then return end
  if not tell(line, claim, 'held', claim.token, int(claim.ends - now)) then remove(line, claim) end
end

-- Hands the resource to those who fit by now, in order, and tells a new head. The asker learns it from the answer. The
-- dead cost little: a process that died with a thousand waiters must not leave the lock idle until the living ask.
local function grant(line, asker)
  local grants = 0
  for _ = 1, limits.dead do
    if line.waiting == 0 or grants == limits.sweep then return end
    local id = redis.call('ZRANGE', line.order, 0, 0)[1]
    local head = id and find(line, id)
    if not head then return reset(line) end
    if head.ends <= now or (deserted[head.channel] and id ~= asker) then
      remove(line, head)
    elseif line.used + head.weight <= line.capacity then
      grants = grants + 1
      handOver(line, head, asker)
    elseif line.head == id then
      return
    else
      line.several = true
      line.head = id
      if id == asker or tell(line, head, 'head', freeIn(line), int(head.ends - now)) then return end
      remove(line, head)
    end
  end
end

-- A waiter must outlive a stall, and a dead one must go.
local function placeLife(claim)
  return math.min(math.max(claim.ttl, limits.provisional), limits.place)
end

-- A waiter that only looks writes nothing while most of its place's life is left.
local function stay(line, claim)
  local life = placeLife(claim)
  if claim.ends - now > life * 2 / 3 then return end
  claim.ends = now + life
  write(line, claim)
end

local function place(line, claim)
  if not claim then return { 'gone' } end
  if claim.state == 'h' then
    return { 'held', int(now), claim.token, int(claim.ends - now), claim.provisional }
  end
  if claim.state == 'l' then
    local reason = redis.call('HGET', line.key, claim == line.solo and 'e' or 'e:' .. claim.id)
    return reason and { 'gone', reason } or { 'gone' }
  end
  local ahead = redis.call('ZRANK', line.order, claim.id)
  return { 'queued', int(now), int(ahead), int(claim.ends - now), ahead == 0 and freeIn(line) or '' }
end
