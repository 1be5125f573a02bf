-- What one node knows of a lock; changes nothing.
-- KEYS  record, waiters, places, who
-- ->    now, the fields of the record, and of those who wait: claim and channel, number, until, who

local waiters = {}
for _, member in ipairs(redis.call('ZRANGE', KEYS[2], 0, limits.shown - 1)) do
  waiters[#waiters + 1] = {
    member, redis.call('ZSCORE', KEYS[2], member), redis.call('ZSCORE', KEYS[3], member) or '0',
    redis.call('HGET', KEYS[4], member) or '',
  }
end
return { int(now), redis.call('HGETALL', KEYS[1]), waiters }
