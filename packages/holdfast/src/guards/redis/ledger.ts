/** A ledger: a guard with a value. What the last holder of a lock wrote down, for the next holder and for onlookers. */
import { Unsupported } from '../../store/errors.ts'
import type { Fenced } from '../../lease/lease.ts'
import { LEDGER_VALUE_BYTES_MAX } from '../../store/limits.ts'
import { resourceOf } from '../../store/names.ts'
import { boundedText } from '../../store/bounded-text.ts'
import { partsOf, type RedisCommands, senderOf, textOf } from './client.ts'
import { assertHolder } from '../admission.ts'
import { keepMsOf, type LedgerPutOptions, MARK_OUTLIVES_MS } from '../ledger-terms.ts'
import { fence, type RedisFenceOptions } from './fence.ts'

export interface RedisLedgerEntry {
  readonly value: string
  /** The token it was written with. */
  readonly token: bigint
}

/** One value for each lock, beside its mark. Rejects as a `RedisFence` does. */
export interface RedisLedger {
  /** The entry as it is, for onlookers: a holder who will write calls `enter` instead. Null when nothing was written. */
  get(lock: Pick<Fenced, 'namespace' | 'name'>): Promise<RedisLedgerEntry | null>
  /** Raises the mark and reads the entry in one script: what a holder reads here, no late writer can change. */
  enter(lease: Fenced): Promise<RedisLedgerEntry | null>
  /**
   * Writes the entry unless a newer token was seen. At most 65,536 bytes of UTF-8; not with a shared lease. With `keep` Redis
   * itself removes the entry, and the mark of its lock a day later, so set `maxmemory-policy` to `noeviction`.
   */
  put(lease: Fenced, value: string, options?: LedgerPutOptions): Promise<void>
}

/** A newer mark has no end any more: it gets one again, as far from now as from its entry. */
const READ = `local left = redis.call('PTTL', KEYS[1])
if left >= 0 then redis.call('PEXPIRE', KEYS[2], left + ${MARK_OUTLIVES_MS}) end
return redis.call('HMGET', KEYS[1], 'token', 'value')`
/** What is made anew has no end. */
const WRITE = `redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'value', ARGV[2])
redis.call('SET', KEYS[2], ARGV[1])
if ARGV[3] then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  redis.call('PEXPIRE', KEYS[2], ARGV[3] + ${MARK_OUTLIVES_MS})
end`

/** A ledger over a client of the caller; it is never closed here. Sends nothing yet. */
export function ledger(client: RedisCommands, options: RedisFenceOptions = {}): RedisLedger {
  const guard = fence(client, options)
  const send = senderOf(client)
  const markOf = ({ namespace, name }: Pick<Fenced, 'namespace' | 'name'>): string =>
    `${options.prefix ?? 'holdfast-fence'}:{${resourceOf(namespace, name)}}`
  const keyOf = (lock: Pick<Fenced, 'namespace' | 'name'>): string => `${markOf(lock)}:ledger`
  return {
    async get(lock) {
      const key = keyOf(lock)
      return entryOf(await send(['HMGET', key, 'token', 'value'], key), key)
    },
    async enter(lease) {
      assertHolder(lease)
      const key = keyOf(lease)
      return entryOf(await guard.run(lease, { lua: READ, keys: [key, markOf(lease)], repeatable: true }), key)
    },
    async put(lease, value, putOptions = {}) {
      assertHolder(lease)
      const { namespace, name, mode, token } = lease
      if (mode === 'shared') {
        throw new Unsupported(`${name}: a shared lease only reads; take the write lock to put`, { resource: name })
      }
      const text = boundedText('value', value, LEDGER_VALUE_BYTES_MAX)
      const keepMs = keepMsOf(putOptions)
      await guard.run(lease, {
        lua: WRITE,
        keys: [keyOf({ namespace, name }), markOf({ namespace, name })],
        args: [String(token), text, ...(keepMs === undefined ? [] : [String(Math.ceil(keepMs))])],
        repeatable: true,
      })
    },
  }
}

function entryOf(answer: unknown, key: string): RedisLedgerEntry | null {
  const [token, value] = partsOf(answer, key)
  if (token === null && value === null) return null
  return { value: textOf(value, key), token: BigInt(textOf(token, key)) }
}
