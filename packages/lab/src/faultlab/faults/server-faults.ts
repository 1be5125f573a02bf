/** What can happen to a server of the run's own: it is stopped, killed, started anew, or forgets everything. */
import { felt, feltWords, heldAt } from './effects.ts'
import type { Fault } from './fault.ts'
import { type FaultTarget, serverOf } from './fault-target.ts'
import type { EnvironmentServer } from '../environment/environment.ts'

const PAUSE_TTLS = { min: 0.3, max: 2 }
const DOWN_TTLS = { min: 0, max: 1.5 }

interface Words {
  readonly kind: string
  readonly what: string
  hurt(server: EnvironmentServer, target: FaultTarget): Promise<void>
}

function onAServer({ kind, what, hurt }: Words): Fault {
  const ends = `end-${kind}`
  return {
    rights: 'none',
    what,
    counts: `a request at the store ${feltWords}`,
    atStore: true,
    hitsStore: true,
    begins: kind,
    ends,
    async strike(target) {
      const server = serverOf(target)
      await server.alone(async () => {
        if (target.isOver()) return
        target.note(kind, server.name)
        await hurt(server, target)
        target.note(ends, server.name)
      })
    },
    hadEffect: (window, record) => felt(record, window),
  }
}

export const serverFaults: ReadonlyMap<string, Fault> = new Map([
  [
    'pause-server',
    onAServer({
      kind: 'pause-server',
      what: `a server is stopped (SIGSTOP) for ${PAUSE_TTLS.min} to ${PAUSE_TTLS.max} leases; what was sent to it is done when it goes on`,
      async hurt({ engine }, { random, ttlMs, sleep }) {
        await engine.pause()
        await sleep(ttlMs * random.between(PAUSE_TTLS.min, PAUSE_TTLS.max))
        await engine.resume()
      },
    }),
  ],
  [
    'kill-server',
    onAServer({
      kind: 'kill-server',
      what: `a server is killed (SIGKILL) and started up to ${DOWN_TTLS.max} leases later with the data it has`,
      async hurt({ engine }, { random, ttlMs, sleep }) {
        await engine.kill()
        await sleep(ttlMs * random.between(DOWN_TTLS.min, DOWN_TTLS.max))
        await engine.restart()
      },
    }),
  ],
  [
    'restart-server',
    onAServer({
      kind: 'restart-server',
      what: 'a server is ended in good order (SIGTERM) and started at once',
      hurt: ({ engine }) => engine.restart(),
    }),
  ],
])

export const wipeServer: Fault = {
  rights: 'none',
  what: 'a server is killed, its data is deleted, and it starts empty',
  counts: 'it forgot what it had answered while somebody held a lock',
  atStore: true,
  hitsStore: true,
  begins: 'wipe',
  ends: 'end-wipe',
  async strike(target) {
    const server = serverOf(target)
    const { memory } = server
    if (memory === undefined) return
    await server.alone(async () => {
      if (target.isOver() || !target.environment.mayForget()) return
      const word = `${target.random.next()}`
      await memory.remember(word)
      target.note('wipe', server.name)
      await server.engine.wipe()
      target.note('end-wipe', server.name, { forgot: !(await memory.recalls(word)) })
    })
  },
  hadEffect: ({ fromNs, ended }, record) => ended['forgot'] === true && heldAt(record, fromNs),
}
