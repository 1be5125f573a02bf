-- What the node says about itself, in front of the scripts that give votes or rely on them.

-- A process of the server that is not the one that the marker knows has what the last one kept: all of it where every
-- change was on the disk before its answer, and otherwise perhaps a snapshot of before a vote. Only the server itself can
-- compare: between the question of a client and its vote there may be a restart.
local function openNode(at)
  local found = redis.call('HMGET', KEYS[at], 'j', 'm', 'r', 'k', 'l', 'g', 'u')
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or ''
  local node = {
    key = KEYS[at], longest = tonumber(found[2] or 0), keeps = found[4] == '1', run = run, list = found[5] or '',
    generation = tonumber(found[6] or 0), soleAt = tonumber(found[7] or 0),
  }
  -- What is under no list belongs to nobody yet.
  node.joins = node.list ~= '' and tonumber(found[1]) or nil
  node.isKnown = found[3] == run
  local isOther = (found[3] or '') ~= '' and not node.isKnown
  node.mayHaveLost = isOther and
    not (node.keeps and string.find(redis.call('INFO', 'persistence'), 'aof_enabled:1', 1, true))
  node.isOut = node.mayHaveLost or (node.joins ~= nil and node.joins > now)
  return node
end

-- Whether the node may vote for a client that knows these lists. Two clients with different lists could each have a
-- majority that the other knows nothing of.
local function isUnder(node, lists)
  return node.list == '' or string.find(' ' .. lists .. ' ', ' ' .. node.list .. ' ', 1, true) ~= nil
end

-- Clients that know no other list are remembered, for whoever wants to change it: they would lose their locks.
local function noteSole(node, lists)
  if lists == node.list and node.soleAt < now - limits.soleEvery then redis.call('HSET', node.key, 'u', int(now)) end
end
