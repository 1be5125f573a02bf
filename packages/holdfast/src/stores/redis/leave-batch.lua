-- The second part: the claims that had to go the long way.
-- KEYS, ARGV, result: leave-alone.lua, the first part of the same script.

for index = first, #KEYS / 4 do
  local word = index * 3 - 2
  local ok, answer = pcall(leave, index * 4 - 3, ARGV[word], ARGV[word + 1], ARGV[word + 2])
  answers[index] = ok and answer or { 'error', type(answer) == 'table' and answer.err or tostring(answer) }
end
return answers
