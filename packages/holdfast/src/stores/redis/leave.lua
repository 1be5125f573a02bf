-- Ends a claim and hands the resource to the next in line. leaveLine of line/transition.ts.
-- KEYS, ARGV: leave-alone.lua, of which this is a part; here the answer for one claim.
-- ->    left · gone

-- `at` is where the four keys of the line begin in KEYS.
local function leave(at, id, token, keep)
  local line = open(at)
  sweep(line)
  local claim = living(line, id, token)
  local left = claim ~= nil and claim.state ~= 'l'
  if left then
    if claim.state == 'h' and tonumber(keep) > 0 then
      linger(line, claim, claim.weight, now + tonumber(keep))
    else
      remove(line, claim)
    end
  end
  grant(line, id)
  save(line)
  return left and 'left' or 'gone'
end
