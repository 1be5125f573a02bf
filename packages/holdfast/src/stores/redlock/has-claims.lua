-- Whose these locks are on this node; changes nothing.
-- KEYS  record of each
-- ->    claim, or nothing, of each

local answers = {}
for index = 1, #KEYS do
  local found = redis.call('HMGET', KEYS[index], 'o', 'x', 'd')
  local counts = found[1] and found[1] ~= '' and tonumber(found[2]) + tonumber(found[3]) > now
  answers[index] = counts and string.match(found[1], '^[^.]*') or ''
end
return answers
