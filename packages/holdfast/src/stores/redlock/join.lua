-- Marks a node as one that has its data, under a list of servers. A client calls it that found no node under any: a first
-- start. What another client with the same list wrote since that was read came from the same start.
-- KEYS  marker
-- ARGV  when the marker was read µs, quarantine µs, the longest lease ms, 1 when the server surely keeps every change, list,
--       the list in words
-- ->    joined, now · unlisted, now, the list it is under meanwhile

local readAt, wait = tonumber(ARGV[1]), tonumber(ARGV[2])
local node = openNode(1)
if not isUnder(node, ARGV[5]) then return { 'unlisted', int(now), node.list } end
local writtenAt = tonumber(redis.call('HGET', KEYS[1], 's') or 0)
if now - readAt < limits.joining and (not node.joins or writtenAt >= readAt) then
  redis.call('HSET', KEYS[1], 'j', int(now + wait), 's', int(now), 'm', ARGV[3], 'r', node.run, 'k', ARGV[4], 'l', ARGV[5],
    'g', '1', 'w', ARGV[6], 'c', int(now))
end
return { 'joined', int(now) }
