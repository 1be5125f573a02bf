-- What the node says about itself; changes nothing.
-- KEYS  marker
-- ->    now, when its votes count or nothing, the longest lease that a client said it may take ms, 1 when it was restarted
--       and may have lost a part of its data

local node = openNode(1)
return { int(now), node.joins and int(node.joins) or '', int(node.longest), node.mayHaveLost and '1' or '0' }
