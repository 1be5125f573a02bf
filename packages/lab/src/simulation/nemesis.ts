/** The one who breaks things, on a schedule drawn from the seed, and heals them at the end. */
import type { Clock } from 'holdfast'
import type { HistoryWriter } from './history-writer.ts'
import { type Client, codeOf } from './client.ts'
import type { Process } from './process.ts'
import type { Random } from '@holdfast/testbed/random'
import { LOCKS } from './workload.ts'

export interface NemesisTarget {
  readonly random: Random
  readonly clock: Clock
  readonly writer: HistoryWriter
  readonly ttlMs: number
  readonly engineProcess: Process
  /** The clients that are alive now. */
  clients(): readonly Client[]
  /** Puts a new client in the place of one that ended. */
  replace(client: Client): void
  freezeEngine(): void
  thawEngine(): void
}

type Fault = (target: NemesisTarget, victim: Client) => void

const HOUR_MS = 3_600_000

const pause: Fault = ({ random, clock, writer, ttlMs }, { process }) => {
  if (process.state !== 'running') return
  process.pause()
  writer.moment('nemesis', 'nemesis', '', { kind: 'pause', target: process.name })
  clock.schedule(random.between(ttlMs * 0.2, ttlMs * 2.5), () => wake(process, writer))
}

function wake(process: Process, writer: HistoryWriter): void {
  if (process.state !== 'paused') return
  writer.moment('nemesis', 'nemesis', '', { kind: 'resume', target: process.name })
  process.resume()
}

const crash: Fault = (target, client) => {
  client.process.crash()
  target.writer.moment('nemesis', 'nemesis', '', { kind: 'crash', target: client.process.name })
  target.replace(client)
}

const cut: Fault = ({ random, clock, writer, ttlMs }, { line, process }) => {
  line.cut = true
  writer.moment('nemesis', 'nemesis', '', { kind: 'cut', target: process.name })
  clock.schedule(random.between(ttlMs * 0.1, ttlMs * 2), () => {
    line.cut = false
    writer.moment('nemesis', 'nemesis', '', { kind: 'mend', target: process.name })
  })
}

const freeze: Fault = ({ random, clock, writer, ttlMs, freezeEngine, thawEngine }) => {
  freezeEngine()
  writer.moment('nemesis', 'nemesis', '', { kind: 'freeze', target: 'engine' })
  clock.schedule(random.between(ttlMs * 0.1, ttlMs * 1.5), () => {
    writer.moment('nemesis', 'nemesis', '', { kind: 'thaw', target: 'engine' })
    thawEngine()
  })
}

const stepWall: Fault = ({ random, writer, engineProcess, ttlMs }, client) => {
  const process = random.chance(0.4) ? engineProcess : client.process
  const ms = random.pick([-1, 1]) * random.pick([ttlMs / 10, ttlMs * 2, HOUR_MS])
  process.stepWall(ms)
  writer.moment('nemesis', 'nemesis', '', { kind: 'step-wall', target: process.name, ms })
}

const evict: Fault = ({ random, writer }, client) => {
  writer.moment('nemesis', 'nemesis', '', { kind: 'evict', target: client.process.name })
  void evictSomebody(client, LOCKS[random.below(LOCKS.length)] ?? '')
}

async function evictSomebody(client: Client, name: string): Promise<void> {
  try {
    const { claims } = await client.locks.inspect(name)
    const token = claims.find((claim) => claim.state === 'held')?.token
    if (token === undefined) return
    const ending = client.call('evict', name, { token: String(token) })
    try {
      const outcome = await client.locks.evict(name, { token, reason: 'the nemesis wants it' })
      if (outcome === 'evicted') ending.ok()
      else ending.info()
    } catch {
      ending.info()
    }
  } catch (error) {
    // An operator whose line is bad finds out nothing; anything else is a defect.
    if (codeOf(error) === 'TypeError') throw error
  }
}

const close: Fault = (target, client) => {
  target.writer.moment('nemesis', 'nemesis', '', { kind: 'close', target: client.process.name })
  void client.close()
  target.replace(client)
}

const deeds: readonly [Fault, ...Fault[]] = [
  pause,
  pause,
  pause,
  crash,
  cut,
  cut,
  freeze,
  stepWall,
  stepWall,
  evict,
  evict,
  close,
]

/** Does one thing after another until it is told to heal. */
export function torment(target: NemesisTarget, untilMs: number): void {
  const { random, clock, ttlMs } = target
  const next = (): void => {
    if (clock.monotonicMs() >= untilMs) return
    const clients = target.clients()
    const victim = clients[random.below(clients.length)]
    if (victim !== undefined) random.pick(deeds)(target, victim)
    clock.schedule(random.between(ttlMs * 0.3, ttlMs * 4), next)
  }
  clock.schedule(random.between(0, ttlMs * 2), next)
}

export function heal({ clients, writer, thawEngine }: NemesisTarget): void {
  for (const { process, line } of clients()) {
    wake(process, writer)
    line.cut = false
  }
  thawEngine()
  writer.moment('nemesis', 'nemesis', '', { kind: 'heal', target: 'everything' })
}
