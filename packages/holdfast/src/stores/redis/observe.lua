-- Asks the line to tell its channel of changes for a while, and answers what it looks like now.
-- KEYS  line
-- ->    the version that observers compare, 0 for a line nobody ever stood in

local found = redis.call('HMGET', KEYS[1], 'v', 'b')
if tonumber(found[2] or 0) < now + limits.observedSurely then
  redis.call('HSET', KEYS[1], 'b', int(now + limits.observed))
  if redis.call('PTTL', KEYS[1]) < limits.idleMs / 2 then redis.call('PEXPIRE', KEYS[1], limits.idleMs) end
end
return found[1] or '0'
