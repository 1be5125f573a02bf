-- The line as it is, for people and observers; changes nothing. What has ended is left out by the reader (view.ts).
-- KEYS  line, index
-- ->    now, the fields of the record, the ids of the waiters

return {
  int(now),
  redis.call('HGETALL', KEYS[1]),
  redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(-4e15'),
}
