-- Ends a claim by its vote, for an operator, and tells its process.
-- KEYS  record, waiters, places, who
-- ARGV  vote, reason
-- ->    evicted, now · gone, now

local record = open(1)
if not isOf(record, ARGV[1], '') then return { 'gone', int(now) } end
local claim = claimOf(record.owner)
redis.call('HSET', KEYS[1], 'f', claim, 'e', ARGV[2], 'y', int(record.ends))
if record.delay > 0 then
  redis.call('HSET', KEYS[1], 's', 'l', 'x', int(now + record.delay), 'd', '0')
else
  redis.call('HSET', KEYS[1], 'o', '', 's', '', 'x', '0', 'd', '0', 'c', '', 'w', '', 'n', '')
end
tellObservers(record)
redis.call('PUBLISH', record.channel, 'evicted|' .. KEYS[1] .. '|' .. claim)
if record.delay == 0 then wake(1) end
return { 'evicted', int(now) }
