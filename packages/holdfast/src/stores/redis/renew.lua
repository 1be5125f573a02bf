-- Prolongs claims that hold or wait, each judged by itself. renewInLine of core/transition.ts.
-- KEYS  line, ends, order, places of each claim
-- ARGV  id, token or nothing, ttl µs, 1 with a new note, note, of each claim
-- ->    of each claim: held, now, token, life, provisional · queued, now, ahead, life, free in · gone[, reason] ·
--       error, the words of Redis, which is an answer for that claim alone

local function renew(line, id, token, ttl, isNoted, note)
  sweep(line)
  local claim = living(line, id, token)
  if claim and claim.state ~= 'l' then
    if isNoted == '1' then
      line.seen = true
      if claim == line.solo then
        line.note, line.changes = note, line.changes + 1
      else
        redis.call('HSET', line.key, 'n:' .. id, note)
      end
    end
    if claim.state == 'w' then
      stay(line, claim)
    else
      claim.ttl, claim.provisional, claim.ends = ttl, '0', now + ttl
      write(line, claim)
    end
  end
  grant(line, id)
  save(line)
  claim = find(line, id)
  if claim and token ~= '' and claim.token ~= token then claim = nil end
  return place(line, claim)
end

local answers = {}
for index = 1, #KEYS / 4 do
  local at = index * 5 - 4
  local ok, answer = pcall(function()
    return renew(open(index * 4 - 3), ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3], ARGV[at + 4])
  end)
  answers[index] = ok and answer or { 'error', type(answer) == 'table' and answer.err or tostring(answer) }
end
return answers
