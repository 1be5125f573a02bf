-- Registers observers of a line for a while: every script that changes it publishes on its channel. Answers what the line looks
-- like now.
-- KEYS  line, index
-- ->    the version that observers compare, 0 for a line without keys

local found = redis.call('HMGET', KEYS[1], 'a', 'v', 'b', 'k')
local compact, version, observed = found[1], found[2] or '0', tonumber(found[3] or 0)
if compact then
  local state, token, changes = string.match(compact, '^(%a)|(%d+)|[^|]+|%d+|%d|%d+|%d+|(%d+)')
  version = string.lower(state) .. token .. '.' .. changes
end
-- A record that was evicted alone must not look like a free line (record.lua).
local isDamaged = not (compact or found[2] or found[3] or found[4]) and redis.call('EXISTS', KEYS[2]) == 1
if observed < now + limits.observedSurely and not isDamaged then
  local words = { 'b', int(now + limits.observed) }
  if compact then
    words[3], words[4] = 'a', string.upper(string.sub(compact, 1, 1)) .. string.sub(compact, 2)
  end
  redis.call('HSET', KEYS[1], unpack(words))
  local span = int(limits.observed / 1000 + limits.slackMs)
  if redis.call('PTTL', KEYS[1]) < tonumber(span) then
    redis.call('PEXPIRE', KEYS[2], span)
    redis.call('PEXPIRE', KEYS[1], span)
  end
end
return version
