-- Prolongs what still lives here, each claim by itself. Nothing is planted on a node that is free: it would revive what
-- has ended; for the same reason nothing is prolonged on a node that was restarted with what it had kept. RENEW of
-- docs/redlock-model.md.
-- KEYS  record of each, marker
-- ARGV  vote, or claim when only that is known, token or nothing, ttl µs, 1 with a new note, note, of each · lists of
--       servers that the client knows
-- ->    now, and of each: kept · gone · gone, why it was evicted · error, the words of Redis

local node = openNode(#KEYS)
local isListed = isUnder(node, ARGV[#ARGV])
local isOut = node.isOut or not isListed
if not isOut then noteSole(node, ARGV[#ARGV]) end

local function renew(index)
  local at = index * 5 - 4
  local vote, token, ttl = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local record = open(index)
  if isOut or not isOf(record, vote, token) then
    local evicted = redis.call('HMGET', record.key, 'f', 'e', 'y')
    if evicted[1] == claimOf(vote) and numberOf(evicted[3]) > now then return { 'gone', evicted[2] } end
    return isListed and { 'gone' } or { 'gone', 'the list of servers was changed, and this client has another one' }
  end
  redis.call('HSET', record.key, 'x', int(now + ttl))
  redis.call('PEXPIRE', record.key, int(math.ceil((ttl + record.delay) / 1000) + limits.idleMs))
  -- A vote that came after the grant was settled may be below its token; it is lifted and never lowered.
  local granted = tonumber(token)
  if granted and granted > record.token and granted <= now + limits.cap then
    redis.call('HSET', record.key, 't', int(granted))
  end
  if ARGV[at + 3] == '1' then
    redis.call('HSET', record.key, 'n', ARGV[at + 4])
    tellObservers(record)
  end
  return { 'kept' }
end

local answers = { int(now) }
for index = 1, #KEYS - 1 do
  local ok, answer = pcall(renew, index)
  answers[index + 1] = ok and answer or { 'error', type(answer) == 'table' and answer.err or tostring(answer) }
end
return answers
