-- The third part: from the first claim that needs the long way, those that need it.

local function renewEither(place)
  local ttl, word = ARGV[place * 2], ARGV[place * 2 + 1]
  return renewFast(KEYS[place * 2], ttl, word) or renew(place * 2, ttl, word)
end

for place = renewed + 1, claims do
  local ok, answer = pcall(renewEither, place)
  answers[place] = ok and answer or { 'error', type(answer) == 'table' and answer.err or tostring(answer) }
end
return answers
