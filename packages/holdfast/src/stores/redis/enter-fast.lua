-- Enters claims, each judged by itself; the first part of two.
-- KEYS  line, ends, order, places of each
-- ARGV  of each: id, 1 to wait in line, ttl µs, what it says of itself (record.lua)
-- ->    of each: the token of a grant at once, which is its moment, its life being the ttl · what enter.lua answers ·
--       error, the words of Redis, which is an answer for that claim alone.
--       As one text with a space between them when all went the short way: an array costs more than what it holds.
--
-- The short way: a line that nobody stands in or observes, and a claim without a lock-delay. Without it a lock that nobody
-- waits for costs twice as much of the server's time, for functions that are made and not used. From the first claim that
-- has to go the long way (enter-each.lua) all go it, so nobody overtakes.

local answers, first = {}, 1
while first <= #KEYS / 4 do
  local at = first * 4 - 3
  local free, spec = redis.pcall('HGET', KEYS[at], 'a'), ARGV[at + 3]
  if type(free) ~= 'string' or string.sub(free, 1, 1) ~= 'f' or string.sub(spec, 1, 2) ~= '0|' then break end
  local token, expires = string.match(free, '^f|(%d+)|(%d+)$')
  local ends = now + ARGV[at + 2]
  -- The key has to outlive the claim by most of an hour: limits.idleMs * 5 / 6 (record.lua, outlive).
  if now <= token + 0 or expires * 1000 < ends + 3000000000 then break end
  local moment = int(now)
  redis.call('HSET', KEYS[at], 'a', 'h|' .. ARGV[at] .. '|' .. moment .. '|' .. expires .. '|' .. int(ends) .. '|' .. spec)
  answers[first] = moment
  first = first + 1
end
if first > #KEYS / 4 then return table.concat(answers, ' ') end

