-- What the node says about itself; changes nothing.
-- KEYS  marker
-- ->    now, when its votes count or nothing, the longest lease that a client said it may take, ms

local found = redis.call('HMGET', KEYS[1], 'j', 'm')
return { int(now), found[1] or '', found[2] or '0' }
