/** The machine of the server loses its power: what was answered and not yet on the disk is gone. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../../../engines/engine.ts'
import { type FragileDisk, openFragileDisk } from '../../../machine/fragile-disk.ts'
import { holdfastLock, type Scenario, type Shown, shown, type Take } from '../scenario.ts'
import type { Stage } from '../stage.ts'
import { SERVER, server, tell } from './scene.ts'
import { twoHolders } from './two-holders.ts'

const SECOND_MS = 1_000
/** A server is restarted and a process is started before A hears anything at its next renewal. */
const TTL_MS = 9_000

interface Machine {
  readonly engine: Engine
  readonly disk: FragileDisk
}

async function machine(stage: Stage, aof: 'everysec' | 'always'): Promise<Machine> {
  const disk = await stage.keep(openFragileDisk())
  return { disk, engine: await server(stage, { aof, folder: disk.folder }) }
}

async function loseAndRestorePower(stage: Stage, { engine, disk }: Machine): Promise<void> {
  stage.note('power-loss', SERVER)
  await disk.cutPower()
  await engine.kill()
  await disk.restore()
  await engine.restart()
}

/** A second has just begun and its write to the disk is done: what comes now waits for the next one. */
async function justSynced(engine: Engine): Promise<void> {
  await sleep(SECOND_MS - (Date.now() % SECOND_MS) + SECOND_MS / 10)
  await tell(engine, 'SET', 'anything', 'at all')
}

const everySecond = (guard: boolean): Take => ({
  title: `appendfsync everysec, ${guard ? 'with' : 'without'} a guard`,
  guard,
  lock: holdfastLock,
  ttlMs: TTL_MS,
  async play(stage): Promise<readonly Shown[]> {
    const both = await machine(stage, 'everysec')
    const a = await stage.actor('A', both.engine.url)
    await justSynced(both.engine)
    return twoHolders({
      stage,
      a,
      b: () => stage.actor('B', both.engine.url),
      forget: () => loseAndRestorePower(stage, both),
    })
  },
})

const always: Take = {
  title: 'appendfsync always',
  guard: true,
  lock: holdfastLock,
  ttlMs: TTL_MS,
  async play(stage): Promise<readonly Shown[]> {
    const both = await machine(stage, 'always')
    const [a, b] = [await stage.actor('A', both.engine.url), await stage.actor('B', both.engine.url)]
    await a.does({ do: 'acquire', waitMs: 0 })
    await loseAndRestorePower(stage, both)
    const second = await b.does({ do: 'acquire', waitMs: 0 })
    const held = await a.does({ do: 'is-held' })
    const released = await a.does({ do: 'release' })
    const third = await b.does({ do: 'acquire', waitMs: TTL_MS })
    for (const actor of [a, b]) await actor.leaves()
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
