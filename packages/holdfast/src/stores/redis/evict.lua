-- Ends the claim that holds with exactly this token and tells its process. evictFromLine of line/transition.ts.
-- KEYS  line, ends, order, places
-- ARGV  token, reason
-- ->    evicted · gone

local line = open(1)
sweep(line)
local evicted
if line.solo then
  if line.solo.token == ARGV[1] then evicted = line.solo end
elseif line.holding > 0 then
  for _, id in ipairs(redis.call('ZRANGE', line.ends, 0, -1)) do
    local claim = living(line, id, ARGV[1])
    if claim then evicted = claim end
  end
end
if evicted and evicted.state ~= 'h' then evicted = nil end
if evicted then
  -- Without a lock-delay it stays weightless until its lease would have ended, so that the holder can still learn why.
  if evicted.delay > 0 then
    linger(line, evicted, evicted.weight, now + evicted.delay)
  else
    linger(line, evicted, 0, evicted.ends)
  end
  redis.call('HSET', line.key, evicted == line.solo and 'e' or 'e:' .. evicted.id, ARGV[2])
end
grant(line, '')
save(line)
if not evicted then return 'gone' end
tell(line, evicted, 'gone', ARGV[2])
return 'evicted'
