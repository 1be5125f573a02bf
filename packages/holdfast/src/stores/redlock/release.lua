-- Takes a vote back. RELEASE of docs/redlock-model.md.
-- KEYS  record, waiters, places, who
-- ARGV  vote, or claim for all of its votes, µs for which it goes on counting, 1 when the claim is over and 0 when a
--       failed attempt gives back its vote, channel
-- ->    left, now · gone, now

local vote, keep, isOver = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1'
local record = open(1)
local left = isOf(record, vote, '')
if left and keep > 0 then
  redis.call('HSET', KEYS[1], 's', 'l', 'x', int(now + keep), 'd', '0')
  redis.call('PEXPIRE', KEYS[1], int(math.ceil(keep / 1000) + limits.idleMs))
elseif left then
  redis.call('HSET', KEYS[1], 'o', '', 's', '', 'x', '0', 'd', '0', 'c', '', 'w', '', 'n', '')
end
if left then tellObservers(record) end
if not isOver then return { left and 'left' or 'gone', int(now) } end

local claim = claimOf(vote)
if ARGV[4] ~= '' then dropWaiter(1, claim .. '.' .. ARGV[4]) end
local wasNext = record.keptFor == claim and record.keptUntil > now
if wasNext then redis.call('HSET', KEYS[1], 'h', '', 'u', '0') end
-- Votes of attempts that failed are no news: the holder of then still holds.
if (left and keep == 0) or wasNext then wake(1) end
return { left and 'left' or 'gone', int(now) }
