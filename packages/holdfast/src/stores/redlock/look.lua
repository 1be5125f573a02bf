-- What one node knows of a lock; changes nothing.
-- KEYS  record, waiters, places, who, marker
-- ->    now, the fields of the record, and of the waiters: claim and channel, number, until, who

-- Of a node that is kept out the list is that of before: who left meanwhile could not say so.
local listed = openNode(5).isOut and {} or redis.call('ZRANGE', KEYS[2], 0, limits.shown - 1)
local waiters = {}
for _, member in ipairs(listed) do
  waiters[#waiters + 1] = {
    member, redis.call('ZSCORE', KEYS[2], member), redis.call('ZSCORE', KEYS[3], member) or '0',
    redis.call('HGET', KEYS[4], member) or '',
  }
end
return { int(now), redis.call('HGETALL', KEYS[1]), waiters }
