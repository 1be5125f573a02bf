-- Which commands of the other scripts the user may not run, tried without running them; changes nothing.
-- KEYS  floor, line, index of a lock that cannot be
-- ARGV  the channel of one process
-- ->    now, each command that is refused

local floor, line, index, channel = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
local tries = {
  { 'TIME' },
  { 'GET', floor }, { 'SET', floor, '1', 'GET' },
  { 'EXISTS', line, index }, { 'DEL', line, index },
  { 'HGET', line, 'a' }, { 'HMGET', line, 'a' }, { 'HGETALL', line }, { 'HKEYS', line }, { 'HLEN', line },
  { 'HSET', line, 'a', '' }, { 'HDEL', line, 'a' },
  { 'PTTL', index }, { 'PEXPIRE', index, '1' },
  { 'ZADD', index, '1', 'm' }, { 'ZREM', index, 'm' }, { 'ZREMRANGEBYSCORE', index, '1', '2' },
  { 'ZRANGEBYSCORE', index, '1', '2' }, { 'ZCOUNT', index, '1', '2' }, { 'ZRANK', index, 'm' }, { 'ZSCORE', index, 'm' },
  { 'PUBLISH', channel, '' }, { 'PUBLISH', line, '' },
  limits.isCluster and { 'SPUBLISH', line, '' } or { 'PUBSUB', 'NUMSUB', channel },
}

local answer = { int(now) }
for _, words in ipairs(tries) do
  -- Of a command that the server does not have it is an error to ask.
  local isKnown, isAllowed = pcall(redis.acl_check_cmd, unpack(words))
  if not (isKnown and isAllowed) then answer[#answer + 1] = words[1] end
end
return answer
