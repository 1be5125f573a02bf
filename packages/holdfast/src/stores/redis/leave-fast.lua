-- Ends claims, each judged by itself; the first part of two.
-- KEYS  line, ends, order, places of each
-- ARGV  of each: id, token or nothing, µs for which its weight goes on counting
-- ->    of each: left · gone · error, the words of Redis, which is an answer for that claim alone.
--       As one text with a space between them when all went the short way: an array costs more than what it holds.
--
-- The short way: the only claim of a line that nobody observes is given back in time. From the first claim that has to go
-- the long way (leave-each.lua) all go it, in order.

local answers, first = {}, 1
while first <= #KEYS / 4 do
  local key, word = KEYS[first * 4 - 3], first * 3 - 2
  local alone = redis.pcall('HGET', key, 'a')
  if type(alone) ~= 'string' or string.sub(alone, 1, 1) ~= 'h' or ARGV[word + 2] ~= '0' then break end
  local id, token, expires, ends = string.match(alone, '^h|([^|]+)|(%d+)|(%d+)|(%d+)')
  if id ~= ARGV[word] or (ARGV[word + 1] ~= '' and ARGV[word + 1] ~= token) or ends + 0 <= now then break end
  redis.call('HSET', key, 'a', 'f|' .. token .. '|' .. expires)
  answers[first] = 'left'
  first = first + 1
end
if first > #KEYS / 4 then return table.concat(answers, ' ') end

