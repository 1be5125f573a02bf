/** What the clients do all day: take locks in every form, work on what they guard, give up, and come back. */
import { type AcquireOptions, HoldfastError, type Lease } from 'holdfast'
import { type Client, codeOf } from './client.ts'
import type { Random } from '@holdfast/testbed/random'
import type { GuardedLists, Version } from './resource.ts'

export const MUTEXES = ['seat', 'desk'] as const
export const POOL = 'pool'
export const POOL_PERMITS = 3
export const BOOK = 'book'
/** What a reader's share is counted in. */
export const READERS_CAPACITY: number = 2 ** 30
export const LOCKS: readonly string[] = [...MUTEXES, POOL, BOOK]

export interface Day {
  readonly random: Random
  readonly lists: GuardedLists
  readonly ttlMs: number
  readonly lockDelayMs: number
  readonly minHoldMs: number
  /** How long work under a lock takes at most. */
  readonly workMs: number
  /** While true, the network to the resource delays, loses and reorders. */
  stormy: boolean
  /** Set when the day is over: workers finish what they do and stop. */
  over: boolean
}

export async function work(client: Client, day: Day): Promise<void> {
  const { random, ttlMs } = day
  while (!day.over && client.locks.health().state !== 'closed') {
    await client.sleep(random.between(0.5, ttlMs * 0.6))
    if (day.over) return
    const act = random.next()
    if (act < 0.35) await waitAndWrite(client, day)
    else if (act < 0.45) await tryAndWrite(client, day)
    else if (act < 0.58) await underLock(client, day)
    else if (act < 0.72) await usePermit(client, day)
    else if (act < 0.92) await readOrWrite(client, day)
    else if (day.stormy) await takeBoth(client, day)
  }
}

function options(day: Day): AcquireOptions {
  const { random, ttlMs, lockDelayMs, minHoldMs } = day
  return {
    wait: Math.ceil(random.between(0, ttlMs * 4)),
    stopBefore: random.chance(0.15) ? Math.floor(random.between(0, ttlMs / 2)) : 0,
    lockDelay: random.chance(0.5) ? lockDelayMs : 0,
    minHold: random.chance(0.3) ? minHoldMs : 0,
    ...(random.chance(0.2) ? { signal: cancelled(day) } : {}),
  }
}

/** A caller who loses patience at some random moment. */
function cancelled({ random, ttlMs, lists }: Day): AbortSignal {
  const controller = new AbortController()
  lists.clock.schedule(random.between(0, ttlMs * 2), () =>
    controller.abort(new DOMException('cancelled', 'AbortError')),
  )
  return controller.signal
}

const exclusive = { mode: 'exclusive', weight: 1, capacity: 1 } as const

async function waitAndWrite(client: Client, day: Day): Promise<void> {
  const name = day.random.pick(MUTEXES)
  const ending = client.call('acquire', name, exclusive)
  try {
    const lease = await client.locks.acquire(name, options(day))
    client.granted(lease, ending)
    await writeUnder(client, day, lease)
    await finish(client, day, lease)
  } catch (error) {
    ending.fail(codeOf(error))
  }
}

async function tryAndWrite(client: Client, day: Day): Promise<void> {
  const name = day.random.pick(MUTEXES)
  const ending = client.call('acquire', name, exclusive)
  try {
    const lease = await client.locks.tryAcquire(name, options(day))
    if (lease === null) return ending.fail('BUSY')
    client.granted(lease, ending)
    await writeUnder(client, day, lease)
    await finish(client, day, lease)
  } catch (error) {
    ending.fail(codeOf(error))
  }
}

async function underLock(client: Client, day: Day): Promise<void> {
  const name = day.random.pick(MUTEXES)
  const ending = client.call('acquire', name, exclusive)
  let granted = false
  let release = (_outcome: string): void => undefined
  try {
    await client.locks.using(name, options(day), async (lease) => {
      granted = true
      client.granted(lease, ending)
      await writeUnder(client, day, lease)
      const released = client.call('release', name, { token: String(lease.token) })
      release = (outcome) => released.ok({ outcome })
    })
    // It may have been released without an answer; then nothing is claimed.
    release('unknown')
  } catch (error) {
    if (granted) release('expired')
    else ending.fail(codeOf(error))
  }
}

async function usePermit(client: Client, day: Day): Promise<void> {
  const { random } = day
  const weight = random.pick([1, 1, 2, 3])
  const ending = client.call('acquire', POOL, { mode: 'permit', weight, capacity: POOL_PERMITS })
  try {
    const lease = await client.locks
      .semaphore(POOL, { permits: POOL_PERMITS })
      .acquire({ ...options(day), take: weight })
    client.granted(lease, ending)
    await client.sleep(random.between(0, day.workMs))
    await finish(client, day, lease)
  } catch (error) {
    ending.fail(codeOf(error))
  }
}

async function readOrWrite(client: Client, day: Day): Promise<void> {
  const reads = day.random.chance(0.6)
  const lock = client.locks.readWrite(BOOK)
  const input = {
    mode: reads ? 'shared' : 'exclusive',
    weight: reads ? 1 : READERS_CAPACITY,
    capacity: READERS_CAPACITY,
  }
  const ending = client.call('acquire', BOOK, input)
  try {
    const lease = await (reads ? lock.read : lock.write).acquire(options(day))
    client.granted(lease, ending)
    if (reads) await readUnder(client, day, lease)
    else await writeUnder(client, day, lease)
    await finish(client, day, lease)
  } catch (error) {
    ending.fail(codeOf(error))
  }
}

async function takeBoth(client: Client, day: Day): Promise<void> {
  const endings = MUTEXES.map((name) => client.call('acquire', name, exclusive))
  try {
    const wanted = day.random.chance(0.5) ? MUTEXES : MUTEXES.toReversed()
    const set = day.random.chance(0.5)
      ? await client.locks.acquireAll(wanted, options(day))
      : await client.locks.tryAcquireAll(wanted, options(day))
    if (set === null) return endings.forEach((ending) => ending.fail('BUSY'))
    for (const lease of set.leases) {
      const ending = endings[MUTEXES.findIndex((name) => name === lease.name)]
      if (ending !== undefined) client.granted(lease, ending)
    }
    for (const lease of set.leases) await writeUnder(client, day, lease)
    await Promise.all(set.leases.map((lease) => client.release(lease)))
  } catch (error) {
    for (const ending of endings) ending.fail(codeOf(error))
  }
}

/** Most give the lock back; some forget, and the lease expires once the client is closed and renews it no more. */
async function finish(client: Client, { random }: Day, lease: Lease): Promise<void> {
  if (random.chance(0.1)) await Promise.all([client.release(lease), lease.release()])
  else await client.release(lease)
}

/** Enter, read, think, write: the value is lost if any of this happens under another client's lock. */
async function writeUnder(client: Client, day: Day, lease: Lease): Promise<void> {
  const { random, lists } = day
  const list = lease.name
  for (let round = random.below(3); round >= 0 && lease.isHeld(); round -= 1) {
    if (!(await guarded(client, day, lease, 'enter', (sequencer) => lists.enter(list, sequencer)))) return
    const base = await travel<Version>(client, day, () => lists.read(list)).catch(() => undefined)
    if (base === undefined) return
    await client.sleep(random.between(0, day.workMs))
    const element = `${client.process.name}-${lease.token}-${round}`
    const write = (sequencer: string): void => lists.write(list, sequencer, base, element)
    if (!(await guarded(client, day, lease, 'write', write, { element }))) return
  }
}

async function readUnder(client: Client, day: Day, lease: Lease): Promise<void> {
  for (let round = day.random.below(3); round >= 0 && lease.isHeld(); round -= 1) {
    const read = (sequencer: string): unknown => day.lists.checkedRead(lease.name, sequencer)
    if (!(await guarded(client, day, lease, 'read', read))) return
    await client.sleep(day.random.between(0, day.workMs))
  }
}

/** One guarded call: the lease is checked when it is sent, the token when it arrives. */
async function guarded(
  client: Client,
  day: Day,
  lease: Lease,
  kind: 'enter' | 'read' | 'write',
  arrive: (sequencer: string) => unknown,
  detail: Record<string, string> = {},
): Promise<boolean> {
  try {
    lease.assertHeld()
  } catch {
    return false
  }
  const { sequencer } = lease
  const ending = client.call(kind, lease.name, { token: String(lease.token), ...detail })
  try {
    await travel(client, day, () => arrive(sequencer))
    ending.ok()
    return true
  } catch (error) {
    if (error instanceof HoldfastError) ending.fail(error.code)
    else ending.info()
    return false
  }
}

class NoAnswer extends Error {}

/** To the resource and back, over a network that goes on while the client is paused. */
function travel<T>(client: Client, { random, lists, ttlMs, stormy }: Day, arrive: () => T): Promise<T> {
  const longMs = stormy && random.chance(0.15) ? ttlMs * 2 : 3
  const [thereMs, backMs] = [random.between(0.1, longMs), random.between(0.1, longMs)]
  const lost = stormy && random.chance(0.03)
  const answer = new Promise<T>((resolve, reject) => {
    lists.clock.schedule(thereMs, () => {
      let result: T
      try {
        result = arrive()
      } catch (error) {
        lists.clock.schedule(backMs, () => reject(error))
        return
      }
      if (lost) lists.clock.schedule(ttlMs, () => reject(new NoAnswer()))
      else lists.clock.schedule(backMs, () => resolve(result))
    })
  })
  return client.process.receive(answer)
}
