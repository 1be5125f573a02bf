-- Ends claims, each judged separately; the first part of three.
-- KEYS  floor · line, index of each claim
-- ARGV  the asker's clock (µs) · of each claim: h|token or nothing|id|, or the same after keep|until|: for how long (µs) its weight still counts, and
--       until when (µs) a request of its id may arrive
-- ->    left, when every claim went the short way · otherwise of each claim: left · gone · error, the words of Redis, for
--       this claim alone
--
-- The short way: the only claim of a compact line without observers. From the first claim that needs the long way
-- (leave.lua) all take it, in order.

local claims, left, answers, asker = (#KEYS - 1) / 2, 0, {}, tonumber(ARGV[1])
while left < claims do
  local line, known = KEYS[left * 2 + 2], ARGV[left + 2]
  local found = redis.pcall('HMGET', line, 'a', 'x')
  if not found[1] or string.sub(found[1], 1, #known) ~= known or found[2] + 0 <= now then break end
  redis.call('DEL', line, KEYS[left * 2 + 3])
  left = left + 1
  answers[left] = 'left'
end
if left == claims then return 'left' end
