-- Marks a node as one that has its data. A client calls it that found no node with a marker: a first start. What
-- another client wrote since that was read came from the same start.
-- KEYS  marker
-- ARGV  when the marker was read µs, quarantine µs, the longest lease ms, 1 to mark the node, 1 when the server surely
--       keeps every change
-- ->    for how long its votes do not count yet, µs

local readAt, wait, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local found = redis.call('HMGET', KEYS[1], 'j', 's', 'm')
local joins = found[1]
if ARGV[4] == '1' and now - readAt < limits.joining and (not joins or tonumber(found[2] or 0) >= readAt) then
  joins = int(now + wait)
  redis.call('HSET', KEYS[1], 'j', joins, 's', int(now), 'r', openNode(1).run, 'k', ARGV[5])
end
if joins and tonumber(found[3] or 0) < longest then redis.call('HSET', KEYS[1], 'm', ARGV[3]) end
return int(math.max(0, tonumber(joins or now) - now))
