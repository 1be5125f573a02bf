-- Ends claims, one after the other, each judged by itself.
-- KEYS  line, ends, order, places of each
-- ARGV  of each: id, token or nothing, µs for which its weight goes on counting
-- ->    of each: left · gone · error, the words of Redis, which is an answer for that claim alone

local leaveLong

local function leaveOne(index)
  local at, word = index * 4 - 3, index * 3 - 2
  local left = leaveAlone(KEYS[at], ARGV[word], ARGV[word + 1], ARGV[word + 2])
  if left then return left end
  leaveLong = leaveLong or longWay()
  return leaveLong(at, ARGV[word], ARGV[word + 1], ARGV[word + 2])
end

local answers = {}
for index = 1, #KEYS / 4 do
  local ok, answer = pcall(leaveOne, index)
  answers[index] = ok and answer or { 'error', type(answer) == 'table' and answer.err or tostring(answer) }
end
return answers
