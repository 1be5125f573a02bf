/**
 * Watches that begin now and then read: from a revision of the past etcd serves them in rounds of a tenth of a second, which
 * would be the time of every hand-off.
 */
import type { EtcdChannel } from '../etcd-driver/channel.ts'
import { DELETED, type RangeRequest, rangeMethod, type WatchEvent } from '../etcd-driver/messages.ts'
import type { Blockers, WatchChange } from '../sessions/engine.ts'
import type { EtcdKeys } from './keys.ts'
import type { EtcdSession } from './leases.ts'
import { rangeEndOf, rangeOf } from '../etcd-driver/requests.ts'

export class EtcdWatches {
  readonly #channel: EtcdChannel
  readonly #keys: EtcdKeys

  constructor(channel: EtcdChannel, keys: EtcdKeys) {
    this.#channel = channel
    this.#keys = keys
  }

  watchGone(_: EtcdSession, resource: string, blockers: Blockers, told: (change: WatchChange) => void): () => void {
    const { weights, enough } = blockers
    const [only] = weights.keys()
    const place: RangeRequest =
      weights.size === 1 && only !== undefined ? { key: only } : rangeOf(this.#keys.line(resource))
    const gone = new Set<string>()
    let isOver = false
    const tell = (change: WatchChange): void => {
      if (isOver) return
      isOver = true
      stop()
      told(change)
    }
    const lose = (keys: Iterable<string>): void => {
      for (const key of keys) if (weights.has(key)) gone.add(key)
      const goneWeight = [...gone].reduce((sum, key) => sum + (weights.get(key) ?? 0), 0)
      if (goneWeight >= enough) tell('changed')
    }
    const stop = this.#channel.watch(place, {
      onCreated: () => {
        this.#channel.call(rangeMethod, { ...place, keysOnly: true }, 'watching').then(
          ({ kvs }) => {
            const present = new Set(kvs.map(({ key }) => key))
            lose([...weights.keys()].filter((key) => !present.has(key)))
          },
          () => tell('lost'),
        )
      },
      onEvents: (events) => lose(deletedIn(events)),
      onLost: () => tell('lost'),
    })
    return () => {
      isOver = true
      stop()
    }
  }

  watchMarks({ lease }: EtcdSession, told: (change: WatchChange) => void): () => void {
    return this.#channel.watch(rangeOf(this.#keys.marks(lease)), {
      onCreated: () => told('changed'),
      onEvents: (events) => events.some(({ type }) => type !== DELETED) && told('changed'),
      onLost: () => told('lost'),
    })
  }

  watchLine(resource: string, seen: string, told: (version: string) => void): () => void {
    const key = this.#keys.line(resource)
    let isOver = false
    const tell = (version: string): void => {
      if (isOver) return
      isOver = true
      stop()
      told(version)
    }
    const startRevision = BigInt(/^\d{1,19}$/.test(seen) ? seen : 0) + 1n
    const stop = this.#channel.watch(
      { key, rangeEnd: rangeEndOf(key), startRevision },
      { onCreated: () => undefined, onEvents: (_, revision) => tell(String(revision)), onLost: () => tell(seen) },
    )
    return () => {
      isOver = true
      stop()
    }
  }
}

function deletedIn(events: readonly WatchEvent[]): readonly string[] {
  return events.flatMap(({ type, kv }) => (type === DELETED && kv !== undefined ? [kv.key] : []))
}
