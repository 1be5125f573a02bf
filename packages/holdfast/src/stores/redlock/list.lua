-- Puts the node under another list of servers: a step of a change (docs/protocols/redlock-servers.md). What had no data is
-- quarantined as after a loss.
-- KEYS  marker
-- ARGV  lists that the node may be under, the new one, its generation, the new one in words, the longest lease ms
-- ->    listed, now · unlisted, now, the list it is under

local node = openNode(1)
if not isUnder(node, ARGV[1]) then return { 'unlisted', int(now), node.list } end
local longest = math.max(node.longest, tonumber(ARGV[5]))
if not node.joins then
  redis.call('HSET', KEYS[1], 'j', int(now + longest * 1000 + limits.aside), 's', int(now), 'r', node.run, 'k', '0')
end
if node.list ~= ARGV[2] then redis.call('HSET', KEYS[1], 'l', ARGV[2], 'c', int(now), 'w', ARGV[4]) end
redis.call('HSET', KEYS[1], 'g', ARGV[3], 'm', int(longest))
return { 'listed', int(now) }
