-- The line as it is, for people and observers; changes nothing. What has ended is left out by the reader (view.ts).
-- KEYS  line, order
-- ->    now, the fields of the HASH, the ids of those who wait

return {
  int(now),
  redis.call('HGETALL', KEYS[1]),
  redis.call('ZRANGE', KEYS[2], 0, -1),
}
