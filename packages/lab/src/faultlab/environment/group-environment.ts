/**
 * Primaries with a replica each that replace a silent primary by themselves. They tell their clients where to go, so no
 * worker has a way of its own, and the lab has to find out who is the primary now.
 */
import { setTimeout } from 'node:timers/promises'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { until } from '@holdfast/testbed/engines/until'
import { type Closing, closeAll } from './disposal.ts'
import { command, offsetOf, replicationOf } from './command.ts'
import type {
  Environment,
  EnvironmentRequest,
  EnvironmentServer,
  Persistence,
  Succeeded,
  Succession,
} from './environment.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { openPlainEnvironment } from './plain-environment.ts'
import { openWorkerClocks } from './worker-clocks.ts'

export interface Pair {
  readonly name: string
  readonly primary: Engine
  readonly replica: Engine
}

/** What Cluster and Sentinel differ in. */
export interface Electorate {
  /** What clients open. */
  readonly url: string
  /** As they were started. */
  readonly pairs: readonly Pair[]
  /** Whether this one may take the place of a primary that is silent. From the start none may: a stop stays a stop. */
  permit(heir: Engine, isPermitted: boolean): Promise<void>
  hasChosen(heir: Engine): Promise<boolean>
  /** Every member agrees that these are the primaries, and enough of them are up to elect another one. */
  agreesOn(pairs: readonly Pair[]): Promise<boolean>
  /** See `Environment`. */
  namespaceLike(wish: string): Promise<string>
  close(): Promise<void>
}

export type StartElectorate = (persistence: Persistence) => Promise<Electorate>

/** Elections take two to four seconds, an old primary is told of its successor later, and the machine may be busy. */
const CHOSEN_WITHIN_MS = 30_000
const WHOLE_WITHIN_MS = 60_000
/** A replica that has heard nothing for five seconds is not let into the place by Sentinels. */
const DEAF_MS_MAX = 2_000
const LACKING_WITHIN_MS = 1_000
const LOOKS_EVERY_MS = 10
/** No server has a password, so a client that offers one is refused. */
const REFUSED = 'refused'

export async function openGroupEnvironment(start: StartElectorate, request: EnvironmentRequest): Promise<Environment> {
  if (!request.isOwn) return openPlainEnvironment(request)
  const closing: Closing[] = []
  try {
    return await built(start, request, closing)
  } catch (error) {
    await closeAll(closing)
    throw error
  }
}

async function built(start: StartElectorate, request: EnvironmentRequest, closing: Closing[]): Promise<Environment> {
  const { places, needs, persistence } = request
  const electorate = await start(persistence)
  closing.push(() => electorate.close())
  const clocks = await openWorkerClocks(needs.has('worker-clock') ? places : [])
  closing.push(async () => clocks.close())
  // One fault at a time in the whole group: without enough voters no primary is elected.
  const turn = oneAtATime()
  const servers: readonly Reign[] = electorate.pairs.map(
    (pair) => new Reign(pair, { electorate, turn, all: () => servers, persistence }),
  )
  await whole(electorate, servers)
  const close = (): Promise<void> => closeAll(closing)
  return {
    urlFor: () => electorate.url,
    environmentFor: (place) => clocks.of(place)?.environment ?? {},
    routes: [],
    servers,
    successions: servers,
    namespaceLike: (wish) => electorate.namespaceLike(wish),
    mayForget: () => true,
    clockOf: (place) => clocks.of(place),
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface Realm {
  readonly electorate: Electorate
  readonly turn: EnvironmentServer['alone']
  readonly all: () => readonly Pair[]
  readonly persistence: Persistence
}

/** The present primary, and the replica that follows it. */
class Reign implements EnvironmentServer, Succession, Pair {
  readonly name: string
  readonly clock = undefined
  readonly disk = undefined
  readonly memory = undefined
  readonly syncs: boolean
  primary: Engine
  replica: Engine
  readonly #realm: Realm
  #successions = 0

  constructor({ name, primary, replica }: Pair, realm: Realm) {
    this.name = name
    this.primary = primary
    this.replica = replica
    this.syncs = realm.persistence === 'always'
    this.#realm = realm
  }

  get engine(): Engine {
    return this.primary
  }

  alone<T>(work: () => Promise<T>): Promise<T> {
    const { turn, electorate, all } = this.#realm
    return turn(async () => {
      const result = await work()
      await whole(electorate, all())
      return result
    })
  }

  /** A frozen one goes on as if nothing had been when another one has its place. */
  async failOver(deafMs: number, sleep: (ms: number) => Promise<void>): Promise<Succeeded> {
    const { electorate } = this.#realm
    const [leaving, heir] = [this.primary, this.replica]
    const end = this.#successions % 2 === 0 ? 'killed' : 'frozen'
    this.#successions += 1
    await deafen(heir, leaving)
    await sleep(Math.min(deafMs, DEAF_MS_MAX))
    const behindBytes = await behind(heir, leaving)
    await electorate.permit(heir, true)
    await (end === 'killed' ? leaving.kill() : leaving.pause())
    await until(() => electorate.hasChosen(heir), {
      withinMs: CHOSEN_WITHIN_MS,
      what: `the choice of a successor of ${this.name}`,
      details: () => `; the end of the log of its replica:\n${heir.log().slice(-LOG_MAX)}`,
    })
    this.primary = heir
    this.replica = leaving
    await electorate.permit(heir, false)
    await hear(heir)
    await (end === 'killed' ? leaving.restart() : leaving.resume())
    return { behindBytes, end }
  }
}

const LOG_MAX = 2_000

/** To stop the replica would not do: it catches up from what its kernel has received, though its primary is dead. */
async function deafen(replica: Engine, primary: Engine): Promise<void> {
  await command(replica, 'CONFIG', 'SET', 'masterauth', REFUSED)
  await command(primary, 'CLIENT', 'KILL', 'TYPE', 'replica')
}

/** How much it lacks by now; where nothing is missing yet, something that was answered is waited for. */
async function behind(replica: Engine, primary: Engine): Promise<number> {
  const limitMs = performance.now() + LACKING_WITHIN_MS
  for (;;) {
    const toldBytes = await offsetOf(primary, 'master_repl_offset')
    const heardBytes = await offsetOf(replica, 'slave_repl_offset')
    if (toldBytes > heardBytes || performance.now() > limitMs) return toldBytes - heardBytes
    await setTimeout(LOOKS_EVERY_MS)
  }
}

/** Kept, as Sentinels had the server keep what it was told when it was promoted. */
async function hear(replica: Engine): Promise<void> {
  await command(replica, 'CONFIG', 'SET', 'masterauth', '')
  await command(replica, 'CONFIG', 'REWRITE')
}

async function whole(electorate: Electorate, pairs: readonly Pair[]): Promise<void> {
  let missing = ''
  const isWhole = async (): Promise<boolean> => {
    for (const pair of pairs) {
      missing = `the replica of ${pair.name} does not follow`
      if (!(await follows(pair))) return false
    }
    missing = 'they do not agree'
    return electorate.agreesOn(pairs)
  }
  const details = (): string => `: ${missing}`
  await until(isWhole, { withinMs: WHOLE_WITHIN_MS, everyMs: 50, what: 'that all follow and agree', details })
}

async function follows({ primary, replica }: Pair): Promise<boolean> {
  const told = await replicationOf(replica)
  return [`role:slave`, `master_port:${primary.port}`, 'master_link_status:up'].every((line) => told.includes(line))
}
