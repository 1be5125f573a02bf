-- Prolongs claims that hold or wait, each judged separately; the first part of three.
-- KEYS  floor · line, index of each claim
-- ARGV  the asker's clock (µs) · of each claim: ttl µs; h|token or nothing|id|ttl|0|0|, or the same between = and a new note
-- ->    the moment, when every claim went the short way: its life is the ttl · otherwise of each claim: the moment ·
--       held, now, token, life, provisional · queued, now, ahead, life, free in · gone[, reason] · error, the words of
--       Redis, for this claim alone
--
-- The short way: the only claim of a compact line without observers, for the ttl that it has, not provisional, without a
-- lock-delay and a new note. Five hundred of them keep the server for a third of the time.

local moment, claims, asker = int(now), (#KEYS - 1) / 2, tonumber(ARGV[1])

local function renewFast(line, ttl, known)
  local found = redis.call('HMGET', line, 'a', 'x')
  if not found[1] or string.sub(found[1], 1, #known) ~= known or found[2] + 0 <= now then return nil end
  redis.call('HSET', line, 'x', now + ttl)
  local span = ttl / 1000 + idleMs
  if redis.call('PTTL', line) < span - idleMs / 2 then redis.call('PEXPIRE', line, int(span)) end
  return moment
end

local renewed, answers = 0, {}
while renewed < claims do
  local place = renewed + 1
  local ok, answer = pcall(renewFast, KEYS[place * 2], ARGV[place * 2], ARGV[place * 2 + 1])
  if not ok or not answer then break end
  renewed, answers[place] = place, answer
end
if renewed == claims then return moment end
