-- Ends a claim and hands the resource to the next in line. leaveLine of core/transition.ts.
-- KEYS  line, ends, order, places
-- ARGV  id, token or nothing, µs for which its weight goes on counting
-- ->    left · gone

local line = open(1)
sweep(line)
local claim = living(line, ARGV[1], ARGV[2])
local left = claim ~= nil and claim.state ~= 'l'
if left then
  local keep = tonumber(ARGV[3])
  if claim.state == 'h' and keep > 0 then
    linger(line, claim, claim.weight, now + keep)
  else
    remove(line, claim)
  end
end
grant(line, ARGV[1])
save(line)
return left and 'left' or 'gone'
