-- Ends the claim that holds with exactly this token and tells its process. evictFromLine of line/transition.ts.
-- KEYS  floor, line, index
-- ARGV  token, reason, the asker's clock (µs)
-- ->    evicted · gone

asker = tonumber(ARGV[3])

local function goneWords() return 'gone', ARGV[2] end

local line = open(2)
sweep(line)
if not line.solo and line.holding > 0 then readAll(line) end
local evicted = line.solo
for _, claim in pairs(line.known) do
  if claim and claim.state == 'h' and claim.token == ARGV[1] then evicted = living(line, claim.id, ARGV[1]) end
end
if evicted and (evicted.state ~= 'h' or evicted.token ~= ARGV[1]) then evicted = nil end
if evicted then
  -- Without a lock-delay it lingers without weight until its lease would have ended, so that the holder can still learn why.
  if evicted.delay > 0 then
    linger(line, evicted, evicted.weight, now + evicted.delay)
  else
    linger(line, evicted, 0, evicted.ends)
  end
  if line.solo then line.reason = ARGV[2] else evicted.reason = ARGV[2] end
end
grant(line, '')
if evicted then tell(line, evicted, goneWords) end
save(line)
return evicted and 'evicted' or 'gone'
