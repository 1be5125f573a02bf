-- Prolongs a claim that holds or waits. renewInLine of line/transition.ts. Second part.

-- `at` is where the two keys of the line begin in KEYS.
local function renew(at, ttl, word)
  local isNoted, token, id, note = string.match(word, '^(=?)h|(%d*)|([^|]+)|%d+|0|0|(.*)$')
  local line = open(at)
  sweep(line)
  local claim = living(line, id, token)
  if claim and claim.state ~= 'l' then
    if isNoted == '=' then
      line.seen = true
      if claim == line.solo then line.note, line.changes = note, line.changes + 1 else claim.note = note end
      write(line, claim)
    end
    if claim.state == 'w' then
      stay(line, claim)
    else
      claim.ttl, claim.provisional, claim.ends = tonumber(ttl), '0', now + ttl
      write(line, claim)
    end
  end
  grant(line, id)
  save(line)
  claim = find(line, id)
  if claim and token ~= '' and claim.token ~= token then claim = nil end
  return place(line, claim)
end
