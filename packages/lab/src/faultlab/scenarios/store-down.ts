/** The lock server is frozen or dead while a client holds. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '@holdfast/testbed/engines/engine'
import type { LockChoice } from '../traffic/order.ts'
import { holdfastLock, type Scenario, type Shown, shown, type Take } from './scenario.ts'
import { leaseEndNs, msAfter } from './lease-end.ts'
import { naiveLock, server as postgresServer } from './postgres/setup.ts'
import { SERVER, server as redisServer } from './redis/setup.ts'
import type { ScenarioSetup } from './scenario-setup.ts'

const TTL_MS = 2_000

interface Trouble {
  readonly title: string
  readonly hurt: (engine: Engine) => Promise<void>
  readonly heal: (engine: Engine) => Promise<void>
}

const frozen: Trouble = {
  title: 'the server is frozen (SIGSTOP)',
  hurt: (engine) => engine.pause(),
  heal: (engine) => engine.resume(),
}
const killed: Trouble = {
  title: 'the server is killed (SIGKILL), and comes back with what it has written',
  hurt: (engine) => engine.kill(),
  heal: (engine) => engine.restart(),
}

type Start = (setup: ScenarioSetup) => Promise<Engine>

const told = (server: Start, { title, hurt, heal }: Trouble): Take => ({
  title,
  guard: true,
  lock: holdfastLock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const engine = await server(setup)
    const [a, b] = [await setup.scriptedProcess('A', engine.url), await setup.scriptedProcess('B', engine.url)]
    await a.does({ do: 'acquire', waitMs: 0 })
    const waiting = b.does({ do: 'acquire', waitMs: 20 * TTL_MS })
    await setup.finds(({ p, out }) => p === 'B' && out?.['standing'] === 'queued')
    setup.note('pause', SERVER)
    await hurt(engine)
    // Healed when the lease is over, whether A knows that or not: a client that learns it only from the server is too late.
    const endNs = await atLeaseEnd(setup)
    setup.note('resume', SERVER)
    await heal(engine)
    const loss = await setup.finds(({ p, f }) => p === 'A' && f === 'lost-signal')
    const held = await a.does({ do: 'is-held' })
    const second = await waiting
    const grant = setup.events().find(({ p, f, e }) => p === 'B' && f === 'acquire' && e === 'ok')
    const released = await a.does({ do: 'release' })
    for (const each of [a, b]) await each.leaves()
    const apartMs = (Number(grant?.t ?? 0) - Number(loss?.t ?? 0)) / 1e6
    return [
      shown(
        'A is told by its own clock, for the server says nothing before the lease is over',
        msAfter(endNs, loss) < TTL_MS / 2 && held.text === 'false',
        `${Math.round(msAfter(endNs, loss))} ms after its end; isHeld: ${held.text}`,
      ),
      shown(
        'B gets the lock, and only after A was told',
        second.ok && loss !== undefined && apartMs > 0,
        `${Math.round(apartMs)} ms later`,
      ),
      shown('A gives nothing back that is not its own', released.text === 'expired', released.text),
    ]
  },
})

/** Waits until the lease of A is over by its own clock, after the last renewal of which A has heard. */
async function atLeaseEnd(setup: ScenarioSetup): Promise<bigint> {
  for (;;) {
    const endNs = leaseEndNs(setup.events(), 'A')
    const leftMs = Number(endNs - process.hrtime.bigint()) / 1e6
    if (leftMs <= 0) return endNs
    await sleep(leftMs)
  }
}

/** As every client that hears of its loss from the server alone. */
const believing = (server: Start, lock: LockChoice): Take => ({
  title: 'a lock whose holder asks the server and no clock',
  guard: true,
  lock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const engine = await server(setup)
    const a = await setup.scriptedProcess('A', engine.url)
    await a.does({ do: 'acquire', waitMs: 0 })
    setup.note('pause', SERVER)
    await engine.pause()
    await sleep(1.5 * TTL_MS)
    const held = await a.does({ do: 'is-held' })
    setup.note('resume', SERVER)
    await engine.resume()
    await a.leaves()
    return [shown('A believes in a lease that has been over for half its length', held.text === 'true', held.text)]
  },
})

/** One that writes before it answers. */
const atRedis: Start = (setup) => redisServer(setup, { aof: 'always' })
const atPostgres: Start = (setup) => postgresServer(setup, { fsync: true })

const shows =
  'a holder must know that its lease is over when nobody can tell it: by its own clock, before the server gives the lock on'

export const redisDown: Scenario = {
  needs: ['redis'],
  foundBy:
    'users of mike-marcacci/node-redlock (told 1.4 to 1.7 s late), Medusa (at 4.1 s of a lease of 1 s), Redisson, etcd-io/etcd#5571',
  shows,
  takes: [told(atRedis, frozen), told(atRedis, killed), believing(atRedis, { kind: 'broken', name: 'no-deadline' })],
}

export const postgresDown: Scenario = {
  needs: ['postgres'],
  foundBy: 'users of locks that live in a session: whoever holds one is not told when the database restarts',
  shows,
  takes: [told(atPostgres, frozen), told(atPostgres, killed), believing(atPostgres, naiveLock('counter-token.js'))],
}
