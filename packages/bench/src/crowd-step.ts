/** What a step on a line costs by how many wait in it, and how much each of them says. */
import { join } from 'node:path'
import type { Claim, Clock, OpenStore, Store } from 'holdfast'
import { memory } from 'holdfast/memory'
import { redis } from 'holdfast/redis'
import { sqlite } from 'holdfast/sqlite'
import { openStore, virtualClock } from 'holdfast/testing'
import { cpuMs, nowMs } from './clock.ts'
import { type Figure, type Settings, sizeOf, type Suite } from './figure.ts'
import { inFolder } from './folder.ts'
import { connect } from './redis/client.ts'
import { withServer } from './redis/server.ts'
import { median, percentile } from './statistics.ts'

/** A line is full with 10,000. */
const CROWDS = [10, 100, 1_000, 10_000 - 2]
const NOTES = { '': '', ', each with 4 KiB': 'x'.repeat(4_096) } as const
/** Asked for at once while the crowd gathers: on a server the first place must not end before the last one came. */
const AT_ONCE = 500
/** Of each kind, at most; a quarter of the time goes to each crowd. */
const TURNS_MAX = 2_000

interface Stand {
  readonly name: string
  with(work: (store: Store, clock?: Clock) => Promise<readonly Figure[]>): Promise<readonly Figure[]>
}

/** Time stands still where the store has no clock of its own, so that no place ends while the crowd gathers. */
const stands: readonly Stand[] = [
  { name: 'memory', with: (work) => work(memory(), virtualClock()) },
  {
    name: 'SQLite',
    with: (work) => inFolder((folder) => work(sqlite({ path: join(folder, 'locks.db') }), virtualClock())),
  },
  {
    name: 'Redis',
    with: (work) =>
      withServer(async ({ url }) => {
        const client = await connect(url)
        try {
          return await work(redis(client))
        } finally {
          client.disconnect()
        }
      }),
  },
]

export const crowdStep: Suite = {
  name: 'crowd-step',
  about:
    'memory, SQLite and Redis, a line in which many wait: entering it, and handing the lock to the next one; no client, one process',
  async run(settings) {
    const figures: Figure[] = []
    for (const { name, with: withStore } of stands) {
      for (const [words, note] of Object.entries(NOTES)) {
        for (const waiters of CROWDS) {
          const what = `${name}, ${waiters.toLocaleString('en-US')} waiting${words}`
          figures.push(
            ...(await withStore((store, clock) => measured(store, clock, { what, waiters, note }, settings))),
          )
        }
      }
    }
    return figures
  },
}

interface Crowd {
  readonly what: string
  readonly waiters: number
  readonly note: string
}

async function measured(
  closed: Store,
  clock: Clock | undefined,
  crowd: Crowd,
  settings: Settings,
): Promise<readonly Figure[]> {
  const store = await openStore(closed, clock)
  const line = await gathered(store, sizeOf(crowd.waiters, settings), crowd.note)
  const [enters, handOffs]: [number[], number[]] = [[], []]
  const [untilMs, cpuBeforeMs] = [nowMs() + (settings.seconds * 1000) / 4, cpuMs()]
  while (handOffs.length < TURNS_MAX && (handOffs.length < 10 || nowMs() < untilMs)) {
    const startedMs = nowMs()
    line.push(await entered(store, crowd.note))
    const enteredMs = nowMs()
    const [holder, next] = line
    if (holder === undefined || next === undefined) throw new Error('nobody waits')
    await store.leave(holder)
    const { kind } = await store.enter(next)
    handOffs.push(nowMs() - enteredMs)
    enters.push(enteredMs - startedMs)
    if (kind !== 'held') throw new Error(`the next in line is ${kind}`)
    line.shift()
  }
  const usedMs = cpuMs() - cpuBeforeMs
  await store.close()
  const figure = (what: string, value: number): Figure => ({ what: `${crowd.what}: ${what}`, unit: 'µs', value })
  return [
    figure('entering, p50', median(enters) * 1000),
    figure('entering, p99', percentile(enters, 0.99) * 1000),
    figure('hand-off, p50', median(handOffs) * 1000),
    figure('hand-off, p99', percentile(handOffs, 0.99) * 1000),
    figure('CPU of both here', (usedMs * 1000) / handOffs.length),
  ]
}

/** A holder and so many waiters, in the order of the line. */
async function gathered(store: OpenStore, waiters: number, note: string): Promise<Claim[]> {
  const line = [await entered(store, note)]
  while (line.length <= waiters) {
    const more = Math.min(AT_ONCE, waiters + 1 - line.length)
    line.push(...(await Promise.all(Array.from({ length: more }, () => entered(store, note)))))
  }
  return line
}

async function entered(store: OpenStore, note: string): Promise<Claim> {
  const claim: Claim = {
    resource: 'bench!one',
    id: crypto.randomUUID().replaceAll('-', ''),
    weight: 1,
    capacity: 1,
    ttlMs: 30_000,
    queue: true,
    lockDelayMs: 0,
    note,
    owner: 'the benchmark',
  }
  await store.enter(claim)
  return claim
}
