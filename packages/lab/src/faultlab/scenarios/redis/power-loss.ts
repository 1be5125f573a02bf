/** The machine of the server loses its power: what was answered and not yet on the disk is gone. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { type FragileDisk, openFragileDisk } from '@holdfast/testbed/os/fragile-disk'
import { holdfastLock, type Scenario, type Shown, shown, type Take } from '../scenario.ts'
import type { ScriptedProcess } from '../scripted-process.ts'
import type { ScenarioSetup } from '../scenario-setup.ts'
import type { Answer } from '../steps.ts'
import { SERVER, server, tell, openRoute } from './setup.ts'
import { hold, twoHolders } from './two-holders.ts'

const SECOND_MS = 1_000
/** Leaves time for the power to fail. */
const QUICK_MS = 350
const ATTEMPTS_MAX = 10
/** A server is restarted and a process is started before the lease of A is over. */
const TTL_MS = 8_000

interface Machine {
  readonly engine: Engine
  readonly disk: FragileDisk
}

async function machine(setup: ScenarioSetup, aof: 'everysec' | 'always'): Promise<Machine> {
  const disk = await setup.keep(openFragileDisk())
  return { disk, engine: await server(setup, { aof, folder: disk.folder }) }
}

async function loseAndRestorePower(setup: ScenarioSetup, { engine, disk }: Machine): Promise<void> {
  setup.note('power-loss', SERVER)
  await disk.cutPower()
  await engine.kill()
  await disk.restore()
  await engine.restart()
}

/**
 * A holds, and that is not on the disk yet: a second has just begun, its write is done, and what comes now waits for the
 * next one. On a busy machine the second may be over first, so it is tried again.
 */
async function unsynced(engine: Engine, a: ScriptedProcess): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    await sleep(SECOND_MS - (Date.now() % SECOND_MS) + SECOND_MS / 10)
    await tell(engine, 'SET', 'anything', 'at all')
    const answer = await hold(a)
    if (Date.now() % SECOND_MS < QUICK_MS || attempt === ATTEMPTS_MAX) return answer
    await a.does({ do: 'release' })
  }
}

const everySecond = (guard: boolean): Take => ({
  title: `appendfsync everysec, ${guard ? 'with' : 'without'} a guard`,
  guard,
  lock: holdfastLock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const both = await machine(setup, 'everysec')
    const { proxy, url } = await openRoute(setup, both.engine)
    const a = await setup.scriptedProcess('A', url)
    return twoHolders({
      setup,
      a,
      begin: () => unsynced(both.engine, a),
      b: () => setup.scriptedProcess('B', both.engine.url),
      forget() {
        // A would ask as soon as its connection is back, and B may be later than that.
        proxy.set({ kind: 'black-hole' })
        return loseAndRestorePower(setup, both)
      },
      heal: () => proxy.set({ kind: 'pass' }),
    })
  },
})

const always: Take = {
  title: 'appendfsync always',
  guard: true,
  lock: holdfastLock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const both = await machine(setup, 'always')
    const [a, b] = [
      await setup.scriptedProcess('A', both.engine.url),
      await setup.scriptedProcess('B', both.engine.url),
    ]
    await a.does({ do: 'acquire', waitMs: 0 })
    await loseAndRestorePower(setup, both)
    const second = await b.does({ do: 'acquire', waitMs: 0 })
    const held = await a.does({ do: 'is-held' })
    const released = await a.does({ do: 'release' })
    const third = await b.does({ do: 'acquire', waitMs: TTL_MS })
    for (const each of [a, b]) await each.leaves()
    return [
      shown('the grant of A has survived: B is refused', !second.ok && held.text === 'true', second.text),
      shown('A gives it back, and B has it', released.text === 'released' && third.ok, released.text),
    ]
  },
}

export const powerLoss: Scenario = {
  needs: ['redis', 'fragile-disk'],
  foundBy: 'the Redis documentation on persistence; measured by this project (of 21 answered writes 2 were left)',
  shows:
    'with appendfsync everysec a power failure forgets grants that were answered, and there are two holders; with always it does not',
  takes: [everySecond(true), everySecond(false), always],
}
