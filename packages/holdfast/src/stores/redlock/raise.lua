-- Lifts the token of a vote that is below the highest of its attempt. RAISE of protocols.md 4.2.
-- KEYS  record
-- ARGV  vote, token
-- ->    kept, now, token · gone, now

local record = open(1)
local token = tonumber(ARGV[2])
if not isOf(record, ARGV[1], '') or token > now + limits.cap then return { 'gone', int(now) } end
if token > record.token then redis.call('HSET', KEYS[1], 't', int(token)) end
return { 'kept', int(now), int(math.max(token, record.token)) }
