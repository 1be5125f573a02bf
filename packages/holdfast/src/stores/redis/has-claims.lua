-- Which of these lines have claims that have not ended; changes nothing.
-- KEYS  line, index of each
-- ->    1 or 0 of each

-- A lease that expired lingers for its lock-delay.
local function lasts(state, ends, delay)
  return tonumber(ends) + (string.lower(state) == 'h' and tonumber(delay) or 0) > now
end

local function hasClaims(line, index)
  local found = redis.call('HMGET', line, 'a', 'x')
  if found[1] then
    local state, delay = string.match(found[1], '^(%a)|%d+|[^|]+|%d+|%d|(%d+)')
    return lasts(state, found[2], delay)
  end
  if redis.call('ZCOUNT', index, '(' .. int(now), '+inf') > 0 then return true end
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', index, 0, int(now), 'LIMIT', 0, limits.sweep)) do
    local text = redis.call('HGET', line, 'r:' .. string.sub(member, 3))
    if text and text ~= '' and lasts(string.match(text, '^(%a)|%d+|%d+|(%d+)|(%d+)')) then return true end
  end
  return false
end

local answers = {}
for place = 1, #KEYS / 2 do
  answers[place] = hasClaims(KEYS[place * 2 - 1], KEYS[place * 2]) and 1 or 0
end
return answers
