/** The one who breaks things, on a schedule drawn from the seed, and heals them at the end. */
import type { Clock } from 'holdfast'
import type { HistoryWriter } from './history-writer.ts'
import { type Client, codeOf } from './client.ts'
import type { Process } from './process.ts'
import type { Random } from '@holdfast/testbed/random'
import { LOCKS } from './workload.ts'

export interface Theatre {
  readonly random: Random
  readonly clock: Clock
  readonly chronicle: HistoryWriter
  readonly ttlMs: number
  readonly engineProcess: Process
  /** The clients that are alive now. */
  clients(): readonly Client[]
  /** Puts a new client in the place of one that ended. */
  replace(client: Client): void
  freezeEngine(): void
  thawEngine(): void
}

type Deed = (theatre: Theatre, victim: Client) => void

const HOUR_MS = 3_600_000

const pause: Deed = ({ random, clock, chronicle, ttlMs }, { process }) => {
  if (process.state !== 'running') return
  process.pause()
  chronicle.moment('nemesis', 'nemesis', '', { kind: 'pause', target: process.name })
  clock.schedule(random.between(ttlMs * 0.2, ttlMs * 2.5), () => wake(process, chronicle))
}

function wake(process: Process, chronicle: HistoryWriter): void {
  if (process.state !== 'paused') return
  chronicle.moment('nemesis', 'nemesis', '', { kind: 'resume', target: process.name })
  process.resume()
}

const crash: Deed = (theatre, client) => {
  client.process.crash()
  theatre.chronicle.moment('nemesis', 'nemesis', '', { kind: 'crash', target: client.process.name })
  theatre.replace(client)
}

const cut: Deed = ({ random, clock, chronicle, ttlMs }, { line, process }) => {
  line.cut = true
  chronicle.moment('nemesis', 'nemesis', '', { kind: 'cut', target: process.name })
  clock.schedule(random.between(ttlMs * 0.1, ttlMs * 2), () => {
    line.cut = false
    chronicle.moment('nemesis', 'nemesis', '', { kind: 'mend', target: process.name })
  })
}

const freeze: Deed = ({ random, clock, chronicle, ttlMs, freezeEngine, thawEngine }) => {
  freezeEngine()
  chronicle.moment('nemesis', 'nemesis', '', { kind: 'freeze', target: 'engine' })
  clock.schedule(random.between(ttlMs * 0.1, ttlMs * 1.5), () => {
    chronicle.moment('nemesis', 'nemesis', '', { kind: 'thaw', target: 'engine' })
    thawEngine()
  })
}

const stepWall: Deed = ({ random, chronicle, engineProcess, ttlMs }, client) => {
  const process = random.chance(0.4) ? engineProcess : client.process
  const ms = random.pick([-1, 1]) * random.pick([ttlMs / 10, ttlMs * 2, HOUR_MS])
  process.stepWall(ms)
  chronicle.moment('nemesis', 'nemesis', '', { kind: 'step-wall', target: process.name, ms })
}

const evict: Deed = ({ random, chronicle }, client) => {
  chronicle.moment('nemesis', 'nemesis', '', { kind: 'evict', target: client.process.name })
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

const close: Deed = (theatre, client) => {
  theatre.chronicle.moment('nemesis', 'nemesis', '', { kind: 'close', target: client.process.name })
  void client.close()
  theatre.replace(client)
}

const deeds: readonly [Deed, ...Deed[]] = [
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
export function torment(theatre: Theatre, untilMs: number): void {
  const { random, clock, ttlMs } = theatre
  const next = (): void => {
    if (clock.monotonicMs() >= untilMs) return
    const clients = theatre.clients()
    const victim = clients[random.below(clients.length)]
    if (victim !== undefined) random.pick(deeds)(theatre, victim)
    clock.schedule(random.between(ttlMs * 0.3, ttlMs * 4), next)
  }
  clock.schedule(random.between(0, ttlMs * 2), next)
}

export function heal({ clients, chronicle, thawEngine }: Theatre): void {
  for (const { process, line } of clients()) {
    wake(process, chronicle)
    line.cut = false
  }
  thawEngine()
  chronicle.moment('nemesis', 'nemesis', '', { kind: 'heal', target: 'everything' })
}
