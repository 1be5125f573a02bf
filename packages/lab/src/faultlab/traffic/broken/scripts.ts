/** What the plain locks on Redis run in one step. */

/** KEYS: lock, token. ARGV: owner, ttl. The token is larger than the last one and not smaller than the clock. */
export const TAKE = `
  if redis.call('EXISTS', KEYS[1]) == 1 then return false end
  local time = redis.call('TIME')
  local token = math.max(tonumber(redis.call('GET', KEYS[2]) or 0) + 1, time[1] * 1000000 + time[2])
  redis.call('SET', KEYS[2], string.format('%.0f', token))
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return string.format('%.0f', token)`
/** The same with a token that only a counter knows. */
export const TAKE_COUNTING = `
  if not redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then return false end
  return tostring(redis.call('INCR', KEYS[2]))`
/** The clock and the counter, once the lock is taken by other means. */
export const COUNT = `
  local time = redis.call('TIME')
  local token = math.max(tonumber(redis.call('GET', KEYS[1]) or 0) + 1, time[1] * 1000000 + time[2])
  redis.call('SET', KEYS[1], string.format('%.0f', token))
  return string.format('%.0f', token)`
export const RENEW = `return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0`
export const RELEASE = `return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0`
