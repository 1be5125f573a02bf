-- How a line changes: the rule and the transition of line/line.ts and line/transition.ts, step by step the same, on a line
-- in memory that `open` has read and `save` writes.

local function linger(line, claim, weight, ends)
  count(line, claim, -1)
  claim.state, claim.weight, claim.ends = 'l', weight, ends
  count(line, claim, 1)
  line.seen = true
  write(line, claim)
end

-- The end of a claim's time.
local function expire(line, claim)
  local lingersUntil = claim.ends + claim.delay
  if claim.state == 'h' and claim.delay > 0 and lingersUntil > now then
    linger(line, claim, claim.weight, lingersUntil)
  else
    remove(line, claim)
  end
end

-- The claim, unless it has ended; the token is text, and empty when it is not known.
local function living(line, id, token)
  local claim = find(line, id)
  if claim and claim.ends <= now then
    expire(line, claim)
    claim = find(line, id)
  end
  if claim and token ~= '' and (claim.state == 'w' or claim.token ~= token) then return nil end
  return claim
end

-- Claims that have ended by the index, at most so many; all claims when it is not the index of this record.
local function endedClaims(line)
  local first = redis.call('ZRANGEBYSCORE', line.index, 0, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if first[2] and tonumber(first[2]) > now then return {} end
  local claims, members = {}, {}
  if first[1] then members = redis.call('ZRANGEBYSCORE', line.index, 0, int(now), 'LIMIT', 0, limits.sweep) end
  for _, member in ipairs(members) do claims[#claims + 1] = find(line, string.sub(member, 3)) end
  line.isBehind = #members == limits.sweep
  if first[1] and #claims == #members then return claims end
  rebuild(line)
  claims = {}
  for _, claim in pairs(line.known) do if claim then claims[#claims + 1] = claim end end
  return claims
end

-- Ends what has ended; the next script resumes. The record decides: an end that only the index has is corrected there.
local function sweep(line)
  if line.solo then
    if line.solo.ends <= now then expire(line, line.solo) end
  elseif line.holding + line.waiting > 0 then
    for _, claim in ipairs(endedClaims(line)) do
      if claim.ends <= now then expire(line, claim) elseif not line.isRebuilt then write(line, claim) end
    end
  end
end

-- When the first claim stops counting, at the earliest: exact for one claim, without its lock-delay for several.
local function freeIn(line)
  local at = now + limits.place
  if line.solo then
    at = line.solo.ends + (line.solo.state == 'h' and line.solo.delay or 0)
  else
    local first = redis.call('ZRANGEBYSCORE', line.index, 0, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    if first[2] then at = tonumber(first[2]) end
  end
  return int(math.max(0, at - now))
end

-- Sent by `save`, when everything is written: the words may ask for what is told of the line then.
local function tell(line, claim, wordsOf)
  line.messages[#line.messages + 1] = { claim = claim, wordsOf = wordsOf }
end

local function heldWords(_, claim) return 'held', claim.token, int(claim.ends - now) end
local function headWords(line, claim) return 'head', freeIn(line), int(claim.ends - now) end

-- From the line to the lock, with a short life that the waiter has to prolong.
local function handOver(line, claim)
  count(line, claim, -1)
  claim.state, claim.token, claim.provisional, claim.hasWaited = 'h', nextToken(line), '1', true
  claim.ends = now + math.min(claim.ttl, limits.provisional)
  count(line, claim, 1)
  line.seen = true
  write(line, claim)
end

-- The id at this place among the waiters; most scripts look at two.
local function waiterAt(line, place)
  if place > #line.order and not line.isRebuilt then
    local length = place == 1 and 2 or limits.sweep
    local members =
      redis.call('ZRANGEBYSCORE', line.index, '-inf', '(' .. int(-LEFT_BAND), 'LIMIT', #line.order, length)
    for _, member in ipairs(members) do line.order[#line.order + 1] = string.sub(member, 3) end
  end
  return line.order[place]
end

-- Hands the resource to every waiter that fits by now, in order, and tells a new head. The answer tells the asker. The dead
-- cost little: a process that died with a thousand waiters must not leave the lock idle until the others ask.
local function grant(line, asker)
  local grants, place = 0, 1
  for _ = 1, limits.dead do
    if line.waiting == 0 or grants == limits.sweep then return end
    local id = waiterAt(line, place)
    local head = id and find(line, id)
    if id and line.dirty[id] == false then
      -- Removed by this script.
      place = place + 1
    elseif not head or head.state ~= 'w' then
      if line.isRebuilt then return end
      rebuild(line)
      place = 1
    elseif head.ends <= now then
      remove(line, head)
      place = place + 1
    elseif line.used + head.weight > line.capacity and line.head == id then
      return
    elseif id ~= asker and isUnheard(head) then
      remove(line, head)
      place = place + 1
    elseif line.used + head.weight <= line.capacity then
      grants, place = grants + 1, place + 1
      handOver(line, head)
      if id ~= asker then tell(line, head, heldWords) end
    else
      line.head, line.changed = id, true
      if id ~= asker then tell(line, head, headWords) end
      return
    end
  end
end

-- A waiter that only looks writes nothing while most of its place's life is left.
local function stay(line, claim)
  local life = placeLife(claim)
  if claim.ends - now > life * 2 / 3 then return end
  claim.ends = now + life
  write(line, claim)
end

-- After `save`, because the index tells the rank.
local function place(line, claim)
  if not claim then return { 'gone' } end
  if claim.state == 'h' then
    return { 'held', int(now), claim.token, int(claim.ends - now), claim.provisional }
  end
  if claim.state == 'l' then
    local reason = line.solo and line.reason or redis.call('HGET', line.key, 'e:' .. claim.id)
    return reason and { 'gone', reason } or { 'gone' }
  end
  local ahead = redis.call('ZRANK', line.index, 'o:' .. claim.id)
  if not ahead then
    rebuild(line)
    save(line)
    ahead = redis.call('ZRANK', line.index, 'o:' .. claim.id)
  end
  return { 'queued', int(now), int(ahead), int(claim.ends - now), ahead == 0 and freeIn(line) or '' }
end
