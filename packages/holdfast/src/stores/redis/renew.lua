-- Prolongs claims that hold or wait, each judged by itself. renewInLine of line/transition.ts.
-- KEYS  line, ends, order, places of each claim
-- ARGV  id, token or nothing, ttl µs, 1 with a new note, note, of each claim
-- ->    of each claim: held, now, token, life, provisional · queued, now, ahead, life, free in · gone[, reason] ·
--       error, the words of Redis, which is an answer for that claim alone · or, after the short way, the moment of the
--       renewal, the life being the ttl

local moment = int(now)

local function renew(line, id, token, ttl, isNoted, note)
  sweep(line)
  local claim = living(line, id, token)
  if claim and claim.state ~= 'l' then
    if isNoted == '1' then
      line.seen = true
      if claim == line.solo then
        line.note, line.changes = note, line.changes + 1
      else
        redis.call('HSET', line.key, 'n:' .. id, note)
      end
    end
    if claim.state == 'w' then
      stay(line, claim)
    else
      claim.ttl, claim.provisional, claim.ends = ttl, '0', now + ttl
      write(line, claim)
    end
  end
  grant(line, id)
  save(line)
  claim = find(line, id)
  if claim and token ~= '' and claim.token ~= token then claim = nil end
  return place(line, claim)
end

-- The short way: the only claim of a line that nobody observes, by its token, and nothing to note. Five hundred of them
-- keep the server for a third of the time.
local function renewAlone(key, id, token, ttl)
  local alone = redis.call('HGET', key, 'a')
  if not alone or string.sub(alone, 1, 1) ~= 'h' then return nil end
  local holder, held, expires, ends, delay, weight, rest = string.match(
    alone, '^h|([^|]+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|%d+|%d|(.*)$')
  if holder ~= id or held ~= token or ends + 0 <= now then return nil end
  if expires * 1000 < now + ttl + delay + limits.idleMs * 5000 / 6 then return nil end
  local words = { 'h', id, held, expires, int(now + ttl), delay, weight, ttl, '0', rest }
  redis.call('HSET', key, 'a', table.concat(words, '|'))
  return moment
end

local function renewOne(index)
  local key, at = index * 4 - 3, index * 5 - 4
  local id, token, ttl, isNoted = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  return isNoted == '0' and renewAlone(KEYS[key], id, token, ttl)
    or renew(open(key), id, token, tonumber(ttl), isNoted, ARGV[at + 4])
end

local answers = {}
for index = 1, #KEYS / 4 do
  local ok, answer = pcall(renewOne, index)
  answers[index] = ok and answer or { 'error', type(answer) == 'table' and answer.err or tostring(answer) }
end
return answers
