-- What the node says about itself; changes nothing.
-- KEYS  marker
-- ->    now, when its votes count or nothing, the longest lease of any client ms, 1 when it was restarted and may have lost a
--       part of its data, the list it is under or nothing, its generation, that list in words, when it came under it µs,
--       when a client that knows no other list was last at work µs

local node = openNode(1)
local said = redis.call('HMGET', KEYS[1], 'w', 'c')
return {
  int(now), node.joins and int(node.joins) or '', int(node.longest), node.mayHaveLost and '1' or '0', node.list,
  int(node.generation), said[1] or '', said[2] or '0', int(node.soleAt),
}
