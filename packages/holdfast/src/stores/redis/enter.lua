-- Enters a claim, or reads again where it stands: also a waiter's heartbeat. enterLine of line/transition.ts.
-- KEYS, ARGV: enter-free.lua, of which this is a part; here the answer for one claim.
-- ->    held, now, token, life, provisional · queued, now, ahead, life, free in · gone[, reason] ·
--       busy, free in · capacity, the real one · full · again: more is over than one script ends

-- `at` is where the four keys of the line begin in KEYS.
local function enter(at, id, mayWait, spec)
  local line = open(at)
  sweep(line)
  local known = living(line, id, '')
  if known and known.state == 'w' then stay(line, known) end
  grant(line, id)
  if known then
    save(line)
    return place(line, find(line, id))
  end

  local asked = { changes = 0 }
  local claim = claimOf(asked, id, spec)
  local counted = line.holding - line.weightless + line.waiting
  if counted > 0 and line.capacity ~= asked.capacity then
    save(line)
    return { 'capacity', int(line.capacity) }
  end
  local fits = line.waiting == 0 and line.used + claim.weight <= asked.capacity
  if not fits and (not mayWait or line.waiting >= limits.queue) then
    save(line)
    if isBehind(line) then return { 'again' } end
    if not mayWait then return { 'busy', freeIn(line) } end
    return { 'full' }
  end

  claim.state, claim.token = fits and 'h' or 'w', '0'
  local alone = fits and line.holding == 0
  if not alone then spread(line) end
  line.capacity = asked.capacity
  line.seen = true
  count(line, claim, 1)
  if fits then
    claim.token = nextToken(line)
    claim.ends = now + claim.ttl
  else
    claim.ends = now + placeLife(claim)
    line.number = math.max(line.number + 1, now)
  end
  if alone then
    line.solo, line.owner, line.note, line.changes = claim, asked.owner, asked.note, 0
  else
    line.known[id] = claim
    redis.call('HSET', line.key, 'w:' .. id, asked.owner, 'n:' .. id, asked.note)
  end
  write(line, claim)
  if not fits then
    redis.call('ZADD', line.order, int(line.number), id)
    if line.waiting == 1 then
      bury(line, line.order)
      bury(line, line.places)
    end
    local head = redis.call('ZRANGE', line.order, 0, 0)[1]
    if head == id then line.head = id end
  end
  save(line)
  return place(line, claim)
end
