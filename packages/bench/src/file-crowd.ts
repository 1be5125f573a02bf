/** What a step on a line costs in a SQLite file, by how many wait in it. */
import { join } from 'node:path'
import type { Claim, OpenStore } from 'holdfast'
import { sqlite } from 'holdfast/sqlite'
import { openStore, virtualClock } from 'holdfast/testing'
import { cpuMs, nowMs } from './clock.ts'
import { type Figure, type Settings, sizeOf, type Suite } from './figure.ts'
import { inFolder } from './folder.ts'
import { median, percentile } from './statistics.ts'

const CROWDS = [1, 10, 100, 1_000, 10_000 - 2]
/** Of each kind, at most; a quarter of the time goes to each crowd. */
const TURNS_MAX = 2_000

export const fileCrowd: Suite = {
  name: 'file-crowd',
  about: 'SQLite, a line in which many wait: entering it, and handing the lock to the next one; no client, one process',
  async run(settings) {
    const figures: Figure[] = []
    for (const waiters of CROWDS) figures.push(...(await inFolder((folder) => measured(folder, waiters, settings))))
    return figures
  },
}

async function measured(folder: string, full: number, settings: Settings): Promise<readonly Figure[]> {
  const waiters = sizeOf(full, settings)
  // Time stands still, so that no place ends while the crowd gathers.
  const store = await openStore(sqlite({ path: join(folder, 'locks.db') }), virtualClock())
  const line: Claim[] = []
  for (let count = 0; count <= waiters; count += 1) line.push(await entered(store))
  const [enters, handOffs]: [number[], number[]] = [[], []]
  const [untilMs, cpuBeforeMs] = [nowMs() + (settings.seconds * 1000) / 4, cpuMs()]
  while (handOffs.length < TURNS_MAX && (handOffs.length < 10 || nowMs() < untilMs)) {
    const startedMs = nowMs()
    line.push(await entered(store))
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
  const where = `${waiters.toLocaleString('en-US')} waiting`
  return [
    { what: `${where}: entering, p50`, unit: 'µs', value: median(enters) * 1000 },
    { what: `${where}: entering, p99`, unit: 'µs', value: percentile(enters, 0.99) * 1000 },
    { what: `${where}: hand-off, p50`, unit: 'µs', value: median(handOffs) * 1000 },
    { what: `${where}: hand-off, p99`, unit: 'µs', value: percentile(handOffs, 0.99) * 1000 },
    { what: `${where}: CPU of both`, unit: 'µs', value: (usedMs * 1000) / handOffs.length },
  ]
}

async function entered(store: OpenStore): Promise<Claim> {
  const claim: Claim = {
    resource: 'bench!one',
    id: crypto.randomUUID().replaceAll('-', ''),
    weight: 1,
    capacity: 1,
    ttlMs: 30_000,
    queue: true,
    lockDelayMs: 0,
    note: '',
    owner: 'the benchmark',
  }
  await store.enter(claim)
  return claim
}
