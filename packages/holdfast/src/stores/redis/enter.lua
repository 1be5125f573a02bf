-- Enters a claim, or reads again where it stands: also a waiter's heartbeat. enterLine of core/transition.ts.
-- KEYS  line, ends, order, places
-- ARGV  id, weight, capacity, ttl µs, lock-delay µs, 1 to wait in line, channel, owner, note
-- ->    held, now, token, life, provisional · queued, now, ahead, life, free in · gone[, reason] ·
--       busy, free in · capacity, the real one · full

local id, weight, capacity = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local line = open(1)
sweep(line)
local known = living(line, id, '')
if known and known.state == 'w' then stay(line, known) end
grant(line, id)
if known then
  save(line)
  return place(line, find(line, id))
end

local counted = line.holding - line.weightless + line.waiting
if counted > 0 and line.capacity ~= capacity then
  save(line)
  return { 'capacity', int(line.capacity) }
end
local fits = line.waiting == 0 and line.used + weight <= capacity
if not fits and (ARGV[6] ~= '1' or line.waiting >= limits.queue) then
  save(line)
  if ARGV[6] ~= '1' then return { 'busy', freeIn(line) } end
  return { 'full' }
end

local claim = {
  id = id, state = fits and 'h' or 'w', token = '0', weight = weight, delay = tonumber(ARGV[5]), ttl = tonumber(ARGV[4]),
  provisional = '0', channel = ARGV[7],
}
local alone = fits and line.holding == 0
if not alone then spread(line) end
line.capacity = capacity
set(line, 'c', int(capacity))
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
  line.solo = claim
  set(line, 's', id)
else
  line.known[id] = claim
  redis.call('HSET', line.key, 'w:' .. id, ARGV[8], 'n:' .. id, ARGV[9])
end
write(line, claim)
if alone then
  set(line, 'w', ARGV[8])
  set(line, 'n', ARGV[9])
elseif fits then
  if line.holding == 1 then bury(line, line.ends) end
else
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
