-- The short way of leave.lua: the only claim of a line that nobody observes is given back in time.

local alone = redis.call('HMGET', KEYS[1], 's', 'r', 'v', 'b')
if alone[1] == ARGV[1] and ARGV[3] == '0' and tonumber(alone[4] or 0) <= now then
  local state, token, ends = string.match(alone[2], '^(%a)|(%d+)|%d+|(%d+)')
  if state == 'h' and (ARGV[2] == '' or ARGV[2] == token) and tonumber(ends) > now then
    redis.call('HSET', KEYS[1], 'v', int(math.max(alone[3] + 1, now)), 's', '', 'r', '', 'w', '', 'n', '')
    return 'left'
  end
end
