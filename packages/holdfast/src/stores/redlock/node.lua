-- What the node says about itself, in front of the scripts that give votes or rely on them.

-- A process of the server that is not the one that the marker knows has what the last one kept: all of it where every
-- change was on the disk before its answer, and otherwise perhaps a snapshot of before a vote. Only the server itself can
-- compare: between the question of a client and its vote there may be a restart.
local function openNode(at)
  local found = redis.call('HMGET', KEYS[at], 'j', 'm', 'r', 'k')
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or ''
  local node = { joins = tonumber(found[1]), longest = tonumber(found[2] or 0), keeps = found[4] == '1', run = run }
  node.isKnown = found[3] == run
  local isOther = (found[3] or '') ~= '' and not node.isKnown
  node.mayHaveLost = isOther and
    not (node.keeps and string.find(redis.call('INFO', 'persistence'), 'aof_enabled:1', 1, true))
  node.isOut = node.mayHaveLost or (node.joins ~= nil and node.joins > now)
  return node
end
