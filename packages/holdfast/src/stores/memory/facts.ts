/** What the memory of a process promises, as data. */
import type { Facts } from '../../store/facts.ts'
import { TTL_MS_MAX, TTL_MS_MIN } from '../../store/limits.ts'

export const facts: Facts = {
  engine: 'memory of this process',
  safetyClass: 'best-effort',
  reasons: [
    'It knows only the claims of its own process; another process has another engine.',
    'Everything is forgotten when the process ends.',
  ],
  clock: 'the monotonic clock of the process',
  expiry: 'engine',
  tokenScale: 'clock',
  tokens:
    'max(last + 1, wall clock in µs, an hour ahead of the monotonic at most); over restarts they rise as the clock does',
  order: 'fifo',
  wakeUp: 'push',
  ttl: { per: 'claim', granularityMs: 1, minMs: TTL_MS_MIN, maxMs: TTL_MS_MAX },
  lockRisks: ['the end of the process'],
  tokenRisks: ['a wall clock that is set back while no engine remembers the last token'],
  unsupported: {},
}
