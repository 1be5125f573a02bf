-- Lifts the token of a vote that is below the highest of its attempt. RAISE of docs/redlock-model.md.
-- KEYS  record, marker
-- ARGV  vote, token
-- ->    kept, now, token · gone, now · behind, now: the vote stays as it is, because the token is too far ahead of the clock

local record = open(1)
local token = tonumber(ARGV[2])
if openNode(2).isOut or not isOf(record, ARGV[1], '') then return { 'gone', int(now) } end
if token > now + limits.cap then return { 'behind', int(now) } end
if token > record.token then redis.call('HSET', KEYS[1], 't', int(token)) end
return { 'kept', int(now), int(math.max(token, record.token)) }
