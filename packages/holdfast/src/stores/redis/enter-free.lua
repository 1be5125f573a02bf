-- The short way of enter.lua: a line that nobody stands in or observes, and a claim without a lock-delay. Without it a
-- lock that nobody waits for costs twice as much of the server's time, for functions that are made and not used.
-- ->    the token, which is the moment of the grant, and the life is the ttl that was asked for · or nothing

local function enterFree(key, id, ttl, spec)
  local free = redis.call('HGET', key, 'a')
  if not free or string.sub(free, 1, 1) ~= 'f' or string.sub(spec, 1, 2) ~= '0|' then return nil end
  local token, expires = string.match(free, '^f|(%d+)|(%d+)$')
  local ends = now + ttl
  -- The key has to outlive the claim by most of an hour: limits.idleMs * 5 / 6 (record.lua, outlive).
  if now <= token + 0 or expires * 1000 < ends + 3000000000 then return nil end
  local moment = int(now)
  redis.call('HSET', key, 'a', 'h|' .. id .. '|' .. moment .. '|' .. expires .. '|' .. int(ends) .. '|' .. spec)
  return moment
end
