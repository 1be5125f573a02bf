-- Asks the node to tell the channel of the lock of changes for a while.
-- KEYS  record
-- ->    now

if tonumber(redis.call('HGET', KEYS[1], 'b') or 0) < now + limits.observedSurely then
  redis.call('HSET', KEYS[1], 'b', int(now + limits.observed))
  if redis.call('PTTL', KEYS[1]) < limits.idleMs / 2 then redis.call('PEXPIRE', KEYS[1], limits.idleMs) end
end
return int(now)
