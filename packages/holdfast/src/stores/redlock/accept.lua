-- Votes for a claim, or says why not. Sent once for each vote. ACCEPT of docs/redlock-model.md.
-- KEYS  record, waiters, places, who, marker
-- ARGV  vote, proposal, ttl µs, lock-delay µs, 1 to wait, number in the order of waiters, channel, owner, note,
--       longest lease ms, 1 when it may be on the list of waiters, 1 when the server surely keeps every change,
--       lists of servers that the client knows, list for a node that is under none or an older one, its generation
-- ->    kept, now, token · busy, now, token, vote or claim that is in the way, free in, place in the list or full ·
--       quarantined, now, for µs · unlisted, now, the list that the node is under, its generation

local vote, proposal, ttl = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local claim = claimOf(vote)
local member = claim .. '.' .. ARGV[7]

-- A node without its marker has lost its data, or is new; one that was restarted may have lost a part of it; and one under
-- an older list was away when the list was changed. Votes that it gave may still be counted somewhere.
local node = openNode(5)
local keeps, generation = ARGV[12] == '1', tonumber(ARGV[15])
local isBehind = node.generation < generation and (node.mayHaveLost or not isUnder(node, ARGV[13]))
if not isBehind and not isUnder(node, ARGV[13]) then return { 'unlisted', int(now), node.list, int(node.generation) } end
if not node.joins or node.mayHaveLost or isBehind then
  local longest = math.max(node.longest, tonumber(ARGV[10]))
  node.joins = math.max(node.joins or 0, now + longest * 1000 + limits.aside)
  if node.list == '' or isBehind then
    node.list, node.generation = ARGV[14], generation
    redis.call('HSET', KEYS[5], 'c', int(now))
  end
  redis.call('HSET', KEYS[5], 'j', int(node.joins), 's', int(now), 'm', int(longest), 'r', node.run, 'k',
    keeps and '1' or '0', 'l', node.list, 'g', int(node.generation))
elseif not node.isKnown or (node.keeps and not keeps) then
  redis.call('HSET', KEYS[5], 'r', node.run, 'k', keeps and '1' or '0')
end
if node.joins > now then return { 'quarantined', int(now), int(node.joins - now) } end
noteSole(node, ARGV[13])

-- An earlier vote of the same claim whose release was lost: its own client has given it up.
local function isGivenUp(owner)
  local client, number = string.match(vote, '%.(.*)%-(%d+)$')
  local otherClient, otherNumber = string.match(owner, '%.(.*)%-(%d+)$')
  return claimOf(owner) == claim and client == otherClient and tonumber(otherNumber) < tonumber(number)
end

local record = open(1)
local own = record.lives and record.owner == vote
local blocker, untilThen
if record.owner ~= '' and record.ends + record.delay > now and not (record.state == 'h' and isGivenUp(record.owner)) then
  blocker, untilThen = record.owner, record.ends + record.delay
elseif record.keptUntil > now and record.keptFor ~= claim then
  blocker, untilThen = record.keptFor, record.keptUntil
end

if blocker and not own then
  local place = ''
  if ARGV[5] == '1' then
    sweep(1)
    if redis.call('ZCARD', KEYS[2]) >= limits.queue and not redis.call('ZSCORE', KEYS[2], member) then
      place = 'full'
    else
      redis.call('ZADD', KEYS[2], ARGV[6], member)
      redis.call('ZADD', KEYS[3], int(now + limits.place), member)
      redis.call('HSET', KEYS[4], member, ARGV[8])
      for index = 2, 4 do redis.call('PEXPIRE', KEYS[index], limits.idleMs) end
      place = int(redis.call('ZRANK', KEYS[2], member))
    end
  end
  return { 'busy', int(now), int(record.token), blocker, int(untilThen - now), place }
end

-- A client whose clock runs wild must not take the tokens with it.
if proposal > now + limits.cap then proposal = 0 end
local token = own and math.max(record.token, proposal) or math.max(proposal, record.token + 1, now)
redis.call('HSET', KEYS[1], 't', int(token), 'o', vote, 's', 'h', 'x', int(now + ttl), 'd', ARGV[4], 'c', ARGV[7],
  'w', ARGV[8], 'n', ARGV[9], 'h', '', 'u', '0')
redis.call('PEXPIRE', KEYS[1], int(math.ceil((ttl + tonumber(ARGV[4])) / 1000) + limits.idleMs))
if ARGV[11] == '1' then dropWaiter(1, member) end
tellObservers(record)
return { 'kept', int(now), int(token) }
