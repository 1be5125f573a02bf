-- Ends a claim and hands the resource to the next in line. leaveLine of line/transition.ts. Second part.

-- `at` is where the two keys of the line begin in KEYS.
local function leave(at, word)
  local keep, untilUs, token, id = string.match(word, '^(%d+)|(%d+)|h|(%d*)|([^|]+)|$')
  if not keep then
    keep, untilUs, token, id = 0, 0, string.match(word, '^h|(%d*)|([^|]+)|$')
  end
  local line = open(at)
  sweep(line)
  local claim = living(line, id, token)
  local isLiving = claim ~= nil and claim.state ~= 'l'
  if isLiving then
    if claim.state == 'h' and tonumber(keep) > 0 then
      claim.delay = tonumber(keep)
      linger(line, claim, claim.weight, now + claim.delay)
    else
      remove(line, claim)
    end
  end
  untilUs = tonumber(untilUs)
  if untilUs > now then
    -- A request of it may still arrive, and must not become a claim without a process.
    line.left, line.leftId, line.leftUntil, line.changed = math.max(line.left, untilUs), id, untilUs, true
  end
  grant(line, id)
  save(line)
  return isLiving and 'left' or 'gone'
end
