-- Enters a claim, or reads again where it stands: also a waiter's heartbeat. enterLine of line/transition.ts. Second part.
-- ->    held, now, token, life, provisional · queued, now, ahead, life, free in · gone[, reason] ·
--       busy, free in · capacity, the real one · full · again: more has ended than one script ends ·
--       late, now: it arrived after the moment and began nothing · damaged, µs: the line refuses for so long ·
--       clock, now: it is far ahead of the asker's, and no token is remembered

local function isRemembered(line, id)
  if line.left <= now then return false end
  local score = redis.call('ZSCORE', line.index, 'g:' .. id)
  return score and score + LEFT_BAND > now
end

-- For how long (µs) a damaged line refuses. An index that a stopped script left without an expiry gets the longest there is.
local function damageLeft(line)
  local left = redis.call('PTTL', line.index)
  if left < 0 then
    left = limits.longestMs
    redis.call('PEXPIRE', line.index, left)
  end
  return left * 1000
end

local function refusal(line, asked, claim, mayWait)
  local counted = line.holding - line.weightless + line.waiting
  if counted > 0 and line.capacity ~= asked.capacity then return 'capacity' end
  if line.waiting == 0 and line.used + claim.weight <= asked.capacity then
    return isUnfounded(line) and 'clock' or nil
  end
  if mayWait and line.waiting < limits.queue then return nil end
  if line.isBehind then return 'again' end
  return mayWait and 'full' or 'busy'
end

local function add(line, asked, claim)
  local fits = line.waiting == 0 and line.used + claim.weight <= asked.capacity
  claim.state = fits and 'h' or 'w'
  local isAlone = fits and line.holding == 0 and not line.isExpanded
  if not isAlone then expand(line) end
  line.capacity, line.seen = asked.capacity, true
  count(line, claim, 1)
  if fits then
    claim.token, claim.ends = nextToken(line), now + claim.ttl
  else
    line.number = math.max(line.number + 1, now)
    claim.number, claim.ends = line.number, now + placeLife(claim)
    if line.waiting == 1 then line.head = claim.id end
  end
  if isAlone then
    line.solo, line.owner, line.note, line.changes = claim, asked.owner, asked.note, 0
  else
    -- In place of one that this script has removed: it leaves nothing behind.
    claim.replaces = line.dirty[claim.id] == false
    line.known[claim.id], claim.owner = claim, asked.owner
    if asked.note ~= '' then claim.note = asked.note end
  end
  write(line, claim)
end

-- `at` is where the two keys of the line begin in KEYS.
local function enter(at, mayWait, spec)
  local asked = {}
  local claim = parse(asked, 'w|0|' .. spec)
  local line = open(at)
  if line.isDamaged then return { 'damaged', int(damageLeft(line)) } end
  sweep(line)
  local known = living(line, claim.id, '')
  if known and known.state == 'w' then stay(line, known) end
  grant(line, claim.id)
  local refused
  if not known then
    if isLate then
      refused = 'late'
    elseif isRemembered(line, claim.id) then
      refused = 'gone'
    else
      refused = refusal(line, asked, claim, mayWait)
      if not refused then add(line, asked, claim) end
    end
  end
  save(line)
  if not refused then return place(line, known and find(line, known.id) or claim) end
  if refused == 'busy' then return { refused, freeIn(line) } end
  if refused == 'capacity' then return { refused, int(line.capacity) } end
  if refused == 'late' or refused == 'clock' then return { refused, int(now) } end
  return { refused }
end
