-- Which of these lines have claims that are not over; changes nothing.
-- KEYS  line, ends, places of each
-- ->    1 or 0 of each

-- A lease that expired lingers for its lock-delay.
local function lasts(state, ends, delay)
  return tonumber(ends) + (string.lower(state) == 'h' and tonumber(delay) or 0) > now
end

local function isClaimed(line, ends, places)
  local alone = redis.call('HGET', line, 'a')
  if alone then
    local state, at, delay = string.match(alone, '^([hHlL])|[^|]+|%d+|%d+|(%d+)|(%d+)')
    return state ~= nil and lasts(state, at, delay)
  end
  local after = '(' .. int(now)
  if redis.call('ZCOUNT', ends, after, '+inf') + redis.call('ZCOUNT', places, after, '+inf') > 0 then return true end
  for _, id in ipairs(redis.call('ZRANGE', ends, 0, limits.sweep)) do
    local text = redis.call('HGET', line, 'r:' .. id)
    if text and lasts(string.match(text, '^(%a)|%d+|%d+|(%d+)|(%d+)')) then return true end
  end
  return false
end

local answers = {}
for index = 1, #KEYS / 3 do
  local at = index * 3 - 2
  answers[index] = isClaimed(KEYS[at], KEYS[at + 1], KEYS[at + 2]) and 1 or 0
end
return answers
