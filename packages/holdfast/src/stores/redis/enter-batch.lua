-- The third part: the claims that need the long way.

for place = free + 1, claims do
  local ok, answer = pcall(enter, place * 2, ARGV[place * 3 + 1] == '1', ARGV[place * 3 + 2])
  answers[place] = ok and answer or { 'error', type(answer) == 'table' and answer.err or tostring(answer) }
end
return answers
