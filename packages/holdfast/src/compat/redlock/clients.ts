/** The clients that `redlock` was given: what stands on them, and when they are over. */
import type { Store } from '../../store/store.ts'
import type { RedlockClient } from './shape.ts'

/** One client: the store of one server, Cluster or Sentinel group. Several: Redlock over independent servers. */
export async function storeOver(clients: readonly RedlockClient[]): Promise<Store> {
  const [first] = clients
  // What a client is, the stores find out for themselves, and say what is wrong with it.
  if (clients.length === 1 && first !== undefined) {
    const { redis } = await import('../../stores/redis/index.ts')
    return redis(first as Parameters<typeof redis>[0])
  }
  const { redlock } = await import('../../stores/redlock/index.ts')
  return redlock(clients as Parameters<typeof redlock>[0])
}

/** Both drivers say so when a client was ended, and not while it connects again. */
interface Ending {
  on(event: 'end', listener: () => void): unknown
}

/** One listener for each client, however many stand on it: drivers warn of more than ten. */
const listening = new WeakMap<RedlockClient, Set<() => void>>()

/**
 * Calls back when each of these clients has ended, once. Never when there is one that does not tell. Answers what stops
 * listening to them.
 */
export function onceAllEnded(clients: ReadonlySet<RedlockClient>, callback: () => void): () => void {
  const endings = [...clients].filter((client) => isEnding(client))
  if (endings.length < clients.size) return () => undefined
  const left = new Set(clients)
  const stops = endings.map((client) =>
    onEnd(client, () => {
      if (left.delete(client) && left.size === 0) callback()
    }),
  )
  return () => stops.forEach((stop) => stop())
}

function onEnd(client: RedlockClient & Ending, callback: () => void): () => void {
  let callbacks = listening.get(client)
  if (callbacks === undefined) {
    const all = new Set<() => void>()
    listening.set(client, all)
    client.on('end', () => all.forEach((each) => each()))
    callbacks = all
  }
  const known = callbacks.add(callback)
  return () => void known.delete(callback)
}

function isEnding(client: RedlockClient): client is RedlockClient & Ending {
  return 'on' in client && typeof client.on === 'function'
}
