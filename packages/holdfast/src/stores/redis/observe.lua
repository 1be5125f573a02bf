-- Asks the line to tell its channel of changes for a while, and answers what it looks like now.
-- KEYS  line
-- ->    the version that observers compare, 0 for a line nobody ever stood in

local found = redis.call('HMGET', KEYS[1], 'a', 'v', 'b')
local alone, version = found[1], found[2]
if alone then
  local state = string.lower(string.sub(alone, 1, 1))
  if state == 'f' then
    version = 'f' .. string.match(alone, '^%a|(%d+)')
  else
    local token, changes = string.match(alone, '^%a|[^|]+|(%d+)|%d+|%d+|%d+|%d+|%d+|%d|(%d+)')
    version = state .. token .. '.' .. changes
  end
end
if tonumber(found[3] or 0) < now + limits.observedSurely then
  redis.call('HSET', KEYS[1], 'b', int(now + limits.observed))
  if alone then redis.call('HSET', KEYS[1], 'a', string.upper(string.sub(alone, 1, 1)) .. string.sub(alone, 2)) end
  if redis.call('PTTL', KEYS[1]) < limits.idleMs / 2 then redis.call('PEXPIRE', KEYS[1], limits.idleMs) end
end
return version or '0'
