/** What can happen to the disk of a server: its power fails, or it is full. */
import { locate } from '@holdfast/testbed/os/fragile-disk'
import { felt, feltWords } from './effects.ts'
import type { Fault } from './fault.ts'
import type { EnvironmentServer, Memory } from '../environment/environment.ts'
import { until } from '@holdfast/testbed/engines/until'
import { serverOf } from './fault-target.ts'

const DARK_TTLS = { min: 0, max: 1 }
const FULL_TTLS = { min: 0.5, max: 2 }

const common = { rights: 'root', atStore: true, hitsStore: true, needs: 'disk', locate: () => locate() } as const

const SETTLED_WITHIN_MS = 20_000

export const powerLoss: Fault = {
  ...common,
  what: 'the power of a server fails: what was not synced to its disk is lost, and it starts up to a lease later',
  counts: `a request at the store ${feltWords}, and a server that does not sync before it answers had forgotten something`,
  begins: 'power-loss',
  ends: 'end-power-loss',
  async strike(target) {
    const { random, ttlMs, note, sleep } = target
    const server = serverOf(target)
    const { name, engine, disk, syncs, memory } = server
    if (disk === undefined || memory === undefined) return
    await server.alone(async () => {
      if (target.isOver() || (!syncs && !target.environment.mayForget())) return
      const word = `${random.next()}`
      await memory.remember(word)
      note('power-loss', name, { syncs })
      await disk.cutPower()
      await engine.kill()
      await sleep(ttlMs * random.between(DARK_TTLS.min, DARK_TTLS.max))
      await disk.restore()
      await engine.restart()
      note('end-power-loss', name, { forgot: !(await memory.recalls(word)) })
    })
  },
  hadEffect(window, record) {
    const { begun, ended } = window
    return felt(record, window) && (begun['syncs'] === true || ended['forgot'] === true)
  },
}

export const diskFull: Fault = {
  ...common,
  what: `the disk of a server is full for ${FULL_TTLS.min} to ${FULL_TTLS.max} leases; a server that ends because of it is started when there is room`,
  counts: `a request at the store ${feltWords}`,
  begins: 'disk-full',
  ends: 'end-disk-full',
  async strike(target) {
    const { random, ttlMs, note, sleep } = target
    const server = serverOf(target)
    const { name, engine, disk, memory } = server
    if (disk === undefined || memory === undefined) return
    await server.alone(async () => {
      if (target.isOver()) return
      note('disk-full', name)
      disk.fill()
      await sleep(ttlMs * random.between(FULL_TTLS.min, FULL_TTLS.max))
      disk.free()
      // It may be about to end of what it could not write, and its end is heard of later.
      if (!(await answersOrEnds(server, memory))) await engine.restart()
      note('end-disk-full', name)
    })
  },
  hadEffect: (window, record) => felt(record, window),
}

/** Whether it answers again, writes too; else it is down. */
async function answersOrEnds(server: EnvironmentServer, memory: Memory): Promise<boolean> {
  const isDown = (): boolean => server.engine.state === 'down'
  const answers = (): Promise<boolean> =>
    memory.remember('there is room').then(
      () => true,
      () => false,
    )
  await until(async () => isDown() || (await answers()), {
    withinMs: SETTLED_WITHIN_MS,
    what: `that ${server.name} writes again or ends`,
  })
  return !isDown()
}
