-- Enters claims, one after the other, each judged by itself.
-- KEYS  line, ends, order, places of each
-- ARGV  of each: id, 1 to wait in line, ttl µs, what it says of itself (record.lua)
-- ->    of each: what enter-free.lua or enter.lua answers · error, the words of Redis, which is an answer for that claim alone

local enterLong

local function enterOne(index)
  local at = index * 4 - 3
  local token = enterFree(KEYS[at], ARGV[at], ARGV[at + 2], ARGV[at + 3])
  if token then return token end
  enterLong = enterLong or longWay()
  return enterLong(at, ARGV[at], ARGV[at + 1] == '1', ARGV[at + 3])
end

local answers = {}
for index = 1, #KEYS / 4 do
  local ok, answer = pcall(enterOne, index)
  answers[index] = ok and answer or { 'error', type(answer) == 'table' and answer.err or tostring(answer) }
end
return answers
