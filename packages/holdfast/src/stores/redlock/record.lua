-- How one node keeps its part of one lock. This text stands in front of every script that changes it; `limits` stands
-- in front of both (scripts.ts). (docs/redlock-model.md)
--
-- Four keys a lock, all with one hash tag:
--   record   HASH  t highest token ever voted here · o vote of the owner · s h(eld) or l(ingering) · x when it ends (µs)
--                  d lock-delay (µs) · c channel of its process · w who · n note
--                  h claim that this node is kept for · u until then (µs): it was told that the lock is free
--                  f claim that was evicted · e why · y when its lease would have ended (µs)
--                  b observed until (µs)
--   waiters  ZSET  <claim>.<channel> -> when it first asked: the same order on all nodes, nearly
--   places   ZSET  <claim>.<channel> -> when it is dropped unless it asks again (µs)
--   who      HASH  <claim>.<channel> -> who waits
-- One key a node:
--   marker   HASH  j votes count from then on (µs) · s when that was written (µs) · m longest lease any client may take (ms)
--                  r process of the server · k 1 when all who asked it for votes found that it keeps every change
--                  l the list of servers it is under · g which change of the list that was · w that list in words
--                  c since when (µs)
--                  u when a client that knows no other list was last at work (µs, nearly)
-- A vote is <claim>.<client>-<number>, and the number rises with every vote of that client. `t` never falls while the
-- record is there, and an hour after its last lease it is behind the clock. All times are those of this node.

local function claimOf(vote)
  return string.match(vote, '^[^.]*')
end

local function numberOf(found)
  return tonumber(found or 0)
end

-- What stands in the record, as the script found it.
local function open(at)
  local found = redis.call('HMGET', KEYS[at], 't', 'o', 's', 'x', 'd', 'h', 'u', 'b', 'c')
  local record = {
    key = KEYS[at], token = numberOf(found[1]), owner = found[2] or '', state = found[3] or '', ends = numberOf(found[4]),
    delay = numberOf(found[5]), keptFor = found[6] or '', keptUntil = numberOf(found[7]), observed = numberOf(found[8]),
    channel = found[9] or '',
  }
  record.lives = record.owner ~= '' and record.state == 'h' and record.ends > now
  return record
end

-- Whether the living vote is this one: a whole vote, or a claim together with the token that it got.
local function isOf(record, vote, token)
  if not record.lives then return false end
  if string.find(vote, '.', 1, true) then return record.owner == vote end
  return claimOf(record.owner) == vote and (token == '' or int(record.token) == token)
end

local function tellObservers(record)
  if record.observed > now then redis.call('PUBLISH', record.key, int(now)) end
end

local function dropWaiter(at, member)
  redis.call('ZREM', KEYS[at + 1], member)
  redis.call('ZREM', KEYS[at + 2], member)
  redis.call('HDEL', KEYS[at + 3], member)
end

-- Waiters that did not ask again are gone, wherever they stand, and must not fill the list.
local function sweep(at)
  local dead = redis.call('ZRANGEBYSCORE', KEYS[at + 2], '-inf', int(now), 'LIMIT', 0, limits.sweep)
  for _, member in ipairs(dead) do dropWaiter(at, member) end
end

-- Whether somebody was there to be told.
local function tell(at, member)
  local ends = numberOf(redis.call('ZSCORE', KEYS[at + 2], member))
  local claim, channel = string.match(member, '^([^.]*)%.(.*)$')
  dropWaiter(at, member)
  if ends <= now or redis.call('PUBLISH', channel, 'free|' .. KEYS[at] .. '|' .. claim) == 0 then return false end
  redis.call('HSET', KEYS[at], 'h', claim, 'u', int(now + limits.kept))
  return true
end

-- Tells the first living waiter that the lock is free, and keeps this node for it for a moment, or a process that takes
-- the lock in a loop would always be faster. It comes again if it still waits, so it is taken off the list. Behind very
-- many dead ones it is whoever asked last: that one surely lives.
local function wake(at)
  for _ = 1, limits.sweep do
    local member = redis.call('ZRANGE', KEYS[at + 1], 0, 0)[1]
    if not member or tell(at, member) then return end
  end
  local latest = redis.call('ZRANGE', KEYS[at + 2], -1, -1)[1]
  if latest then tell(at, latest) end
end
