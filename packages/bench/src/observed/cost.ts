/** What locks cost where no clocks are compared: requests of each operation, of waiters that stand, and of turns. */
import { randomUUID } from 'node:crypto'
import { type Claim, holdfast, type Locks } from 'holdfast'
import { openStore } from 'holdfast/testing'
import { sleep } from '../clock.ts'
import type { Figure, Settings, Suite } from '../figure.ts'
import { type ObservedKind, type ObservedServer, withObserved } from './servers.ts'
import { turnsOf } from './turns.ts'

const CROWDS = [2, 16, 50] as const
const CLIENTS = 4
const TTL_MS = 30_000
/** Until every waiter stands in line, and has stopped looking often. */
const SETTLED_MS = 1_000

const TITLES: Readonly<Record<ObservedKind, string>> = {
  dynamodb: "DynamoDB's local server",
  nats: 'NATS, one server',
  kubernetes: 'the stand-in for Kubernetes',
}

export const observedCosts: readonly Suite[] = (['dynamodb', 'nats', 'kubernetes'] as const).map((kind) => ({
  name: `${kind}-cost`,
  group: kind,
  about: `${TITLES[kind]}: requests of each operation, and ${CROWDS.join(', ')} waiters of ${CLIENTS} clients that stand in line, and that take turns`,
  async run(settings) {
    return await withObserved[kind](async (server) => {
      const figures = [...(await operationsOf(server))]
      for (const waiters of CROWDS) figures.push(...(await standingOf(server, waiters, settings)))
      for (const waiters of CROWDS) figures.push(...(await turnsTakenOf(server, waiters, settings)))
      return figures
    })
  },
}))

async function operationsOf(server: ObservedServer): Promise<readonly Figure[]> {
  const [store, other] = [await openStore(await server.store()), await openStore(await server.store())]
  const counted = async (what: string, operation: () => Promise<unknown>): Promise<Figure> => {
    const before = server.sent()
    await operation()
    return { what: `${what}: requests`, unit: '', value: server.sent() - before }
  }
  const [first, second, third] = [claimOf(true), claimOf(true), claimOf(false)]
  const figures = [
    await counted('taking a lock that is new', () => store.enter(first)),
    await counted('giving it back', () => store.leave(first)),
    await counted('taking it again', () => store.enter(second)),
    await counted('renewing it', () => store.renew([{ ref: second, ttlMs: TTL_MS }])),
    await counted('a try of another process that never saw it', () => other.enter(third)),
    await counted('another try', () => other.enter(claimOf(false))),
    await counted('a look', () => other.look(second.resource)),
  ]
  await Promise.all([store.close(), other.close()])
  return figures
}

function claimOf(queue: boolean): Claim {
  return {
    resource: 'bench!one',
    id: randomUUID().replaceAll('-', ''),
    weight: 1,
    capacity: 1,
    ttlMs: TTL_MS,
    queue,
    lockDelayMs: 0,
    note: '',
    owner: 'bench',
  }
}

/** The holder keeps it all the while. */
async function standingOf(
  server: ObservedServer,
  waiters: number,
  { quick, seconds }: Settings,
): Promise<readonly Figure[]> {
  const [holder, ...clients] = await openedClients(server, CLIENTS + 1, `stand-${waiters}`)
  const lease = await holder?.acquire('one')
  const ended = new AbortController()
  const waiting = Array.from({ length: waiters }, async (_, waiter) => {
    await clients[waiter % CLIENTS]?.acquire('one', { signal: ended.signal }).catch(() => undefined)
  })
  await sleep(SETTLED_MS)
  const before = server.sent()
  const measuredS = quick ? 1 : seconds
  await sleep(measuredS * 1000)
  const value = (server.sent() - before) / waiters / measuredS
  ended.abort()
  await Promise.all(waiting)
  await lease?.release()
  for (const locks of [holder, ...clients]) await locks?.close()
  return [{ what: `${waiters} waiters: requests per waiter and second, the holder keeps it`, unit: '', value }]
}

async function turnsTakenOf(server: ObservedServer, waiters: number, settings: Settings): Promise<readonly Figure[]> {
  const opened = await openedClients(server, Math.min(CLIENTS, waiters), `turn-${waiters}`)
  const clients = opened.map((locks) => async (name: string) => {
    const lease = await locks.acquire(name)
    return () => lease.release()
  })
  const where = `${waiters} waiters of ${clients.length} clients`
  const figures = await turnsOf({ where, clients, waiters, sent: () => server.sent() }, settings)
  await Promise.all(opened.map((locks) => locks.close()))
  return figures
}

async function openedClients(server: ObservedServer, count: number, namespace: string): Promise<readonly Locks[]> {
  const opened: Locks[] = []
  for (let client = 0; client < count; client += 1) {
    const locks = holdfast(await server.store(), { namespace, ttl: TTL_MS, wait: '5m' })
    await locks.open()
    opened.push(locks)
  }
  return opened
}
