/** What a Redis promises as it is set up: asked of the server itself when the store opens. */
import { TTL_MS_MAX, TTL_MS_MIN } from '../../core/limits.ts'
import type { Facts } from '../../core/store.ts'
import type { Findings } from '../shared/redis/probe.ts'

export function factsOf({ engine, replicas, settings }: Findings): Facts {
  const isLogged = settings?.get('appendonly') === 'yes'
  const isFlushed = isLogged && settings.get('appendfsync') === 'always'
  const evicts =
    settings !== undefined && settings.get('maxmemory') !== '0' && settings.get('maxmemory-policy') !== 'noeviction'
  const isDurable = isFlushed && replicas === 0 && !evicts
  return {
    engine,
    safetyClass: isDurable ? 'durable' : 'best-effort',
    reasons: reasonsOf({ isLogged, isFlushed, replicas, evicts, isTold: settings !== undefined }),
    clock: 'the wall clock of the Redis server',
    expiry: 'engine',
    tokens:
      "max(last + 1, the server's wall clock in µs), kept with the lock; they survive the loss of all data as long as the clock goes forward",
    order: 'fifo',
    wakeUp: 'push',
    ttl: { per: 'claim', granularityMs: 1, minMs: TTL_MS_MIN, maxMs: TTL_MS_MAX },
    losesLock: [
      'FLUSHALL, FLUSHDB, or deleting its keys',
      'a clock of the server that is set forward by more than what is left of the lease',
      ...(isFlushed
        ? []
        : [
            isLogged
              ? 'a crash of the machine: the last second is lost'
              : 'a restart of the server: it keeps nothing, or only snapshots',
          ]),
      ...(replicas > 0 || settings === undefined ? ['a failover to a replica that had not heard of the lock yet'] : []),
      ...(evicts ? ['eviction of its keys when the memory is full'] : []),
    ],
    breaksTokens: [
      'loss of the data together with a clock that is set back',
      'a failover to a server whose clock is behind by more than the failover took',
    ],
    lacks: {},
  }
}

interface Traits {
  readonly isLogged: boolean
  readonly isFlushed: boolean
  readonly replicas: number
  readonly evicts: boolean
  readonly isTold: boolean
}

function reasonsOf({ isLogged, isFlushed, replicas, evicts, isTold }: Traits): readonly string[] {
  const reasons = ['One server decides every change in one script.']
  if (!isTold) {
    return [
      ...reasons,
      'The server does not tell its configuration (CONFIG GET is refused), so nothing durable is assumed.',
    ]
  }
  if (isFlushed)
    reasons.push('Every change is flushed to the append-only file before it is answered (appendfsync always).')
  else if (isLogged)
    reasons.push('The append-only file may lack the last second after a crash (set appendfsync always).')
  else
    reasons.push(
      'It keeps no append-only file, so a restart forgets locks (set appendonly yes and appendfsync always).',
    )
  if (replicas > 0) reasons.push(`It has ${replicas} replicas, which follow later: a failover may forget locks.`)
  if (evicts)
    reasons.push('It evicts keys when its memory is full, and locks with them (set maxmemory-policy noeviction).')
  return reasons
}
