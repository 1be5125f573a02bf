-- Enters claims, each judged separately; the first part of three.
-- KEYS  floor · line, index of each claim
-- ARGV  the moment (µs) after which nothing new may begin; the asker's clock (µs) · of each claim: ttl µs, or nothing when it
--       needs the long way; 1 to wait in line; what it says of itself: id|ttl|… (record.lua)
-- ->    the moment and the first token, when every claim was granted the short way: its life is the ttl, the next has the next
--       token · otherwise of each claim: what enter.lua answers · error, the words of Redis, for this claim alone
--
-- The short way: a line without keys, a claim without a lock-delay, and a clock that the asker's agrees with. From the first claim that needs the long way
-- (enter.lua) all take it, so that none overtakes.

local claims, free, seen = (#KEYS - 1) / 2, 0, {}
local isLate, asker = now > ARGV[1] + 0, ARGV[2] + 0
while free < claims and not isLate and now <= asker + jumpUs do
  local line, index = KEYS[free * 2 + 2], KEYS[free * 2 + 3]
  if ARGV[free * 3 + 3] == '' or seen[line] or redis.call('EXISTS', line, index) > 0 then break end
  seen[line] = true
  free = free + 1
end

local answers, moment = {}, clock[1] .. string.format('%06d', clock[2])
if free > 0 then
  -- Usually the floor is below the clock, and one command raises it to the last of these tokens.
  local token, first = now, moment
  local floor = redis.call('SET', KEYS[1], free == 1 and moment or int(now + free - 1), 'GET')
  if floor and floor + 0 >= now then
    token, first = floor + 1, int(floor + 1)
    redis.call('SET', KEYS[1], int(floor + free))
  end
  for place = 1, free do
    local line, ttl = KEYS[place * 2], ARGV[place * 3]
    local own = place == 1 and first or int(token + place - 1)
    redis.call('HSET', line, 'a', 'h|' .. own .. '|' .. ARGV[place * 3 + 2], 'x', now + ttl)
    redis.call('PEXPIRE', line, math.ceil(ttl / 1000) + idleMs)
  end
  if free == claims then return moment .. ' ' .. first end
  for place = 1, free do
    answers[place] = { 'held', moment, int(token + place - 1), ARGV[place * 3], '0' }
  end
end
