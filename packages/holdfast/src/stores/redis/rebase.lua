-- Shows the floor of tokens, and moves it. (docs/protocols/tokens.md#moving-it)
-- KEYS  floor
-- ARGV  the new floor, or nothing to look only
-- ->    the floor as it was, 0 where the server remembers no token

local floor = redis.call('GET', KEYS[1])
if ARGV[1] ~= '' then redis.call('SET', KEYS[1], ARGV[1]) end
return floor or '0'
