/** A process is stopped while it waits, for longer than its lease, and its turn comes meanwhile. */
import { soon } from '../redis/setup.ts'
import { holdfastLock, type Scenario, type Shown, shown, type Take } from '../scenario.ts'
import type { ScenarioSetup } from '../scenario-setup.ts'
import type { ScriptedProcess } from '../scripted-process.ts'
import type { Answer } from '../steps.ts'
import { claimCount, leaseCount, members } from './setup.ts'

const TTL_MS = 3_000
const WAIT_MS = 20 * TTL_MS

interface Woken {
  readonly b: ScriptedProcess
  readonly c: ScriptedProcess
  readonly third: Answer
  /** What B hears of its turn. */
  readonly second: Promise<Answer>
  /** The server, and its version. */
  readonly server: string
}

/** A holds, B waits and is stopped until its lease is over, A leaves, C holds, and B goes on. */
async function woken(setup: ScenarioSetup): Promise<Woken> {
  const { url, first } = await members(setup)
  const [a, b, c] = [
    await setup.scriptedProcess('A', url),
    await setup.scriptedProcess('B', url),
    await setup.scriptedProcess('C', url),
  ]
  await a.does({ do: 'acquire', waitMs: 0 })
  const second = b.does({ do: 'acquire', waitMs: WAIT_MS })
  await soon('the claim of B', async () => (await claimCount(first.engine)) === 2)
  b.stop()
  await soon('the end of the lease of B', async () => (await leaseCount(first.engine)) === 1)
  await a.does({ do: 'release' })
  const third = await c.does({ do: 'acquire', waitMs: WAIT_MS })
  await c.does({ do: 'enter' })
  b.goOn()
  await a.leaves()
  return { b, c, third, second, server: first.engine.name }
}

const kept: Take = {
  title: 'Holdfast',
  guard: true,
  lock: holdfastLock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const { b, c, third, second } = await woken(setup)
    await setup.finds(({ p, f, out }) => p === 'B' && f === 'enqueue' && out?.['standing'] === 'gone')
    const early = setup.events().some(({ p, f, e }) => p === 'B' && f === 'acquire' && e === 'ok')
    const held = await c.does({ do: 'is-held' })
    await c.does({ do: 'release' })
    const late = await second
    for (const each of [b, c]) await each.leaves()
    return [
      shown('B is told that it is not in line any more', !early && held.text === 'true', `C: ${held.text}`),
      shown(
        'it stands in line anew, and holds after C, with a larger token',
        late.ok && BigInt(late.text) > BigInt(third.text),
        `C ${third.text}, B ${late.text}`,
      ),
    ]
  },
}

const granted: Take = {
  title: "the server's own Lock RPC",
  guard: true,
  lock: { kind: 'broken', name: 'lock-rpc' },
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const { b, c, third, second, server } = await woken(setup)
    const late = await second
    if (!late.ok) {
      for (const each of [b, c]) await each.leaves()
      return [shown('a later etcd than 3.4 refuses B, whose lease is over', !/ 3\.4\./.test(server), server)]
    }
    const [two, one] = [await b.does({ do: 'is-held' }), await c.does({ do: 'is-held' })]
    const entered = await b.does({ do: 'enter' })
    for (const each of [b, c]) await each.leaves()
    return [
      shown('B is granted the lock without a key in it', late.ok, `B ${late.text}, C ${third.text}`),
      shown('so B and C hold it', two.text === 'true' && one.text === 'true', `B: ${two.text}, C: ${one.text}`),
      shown('the database refuses B, whose key is older', entered.text === 'STALE_TOKEN', entered.text),
    ]
  },
}

export const deadWaiter: Scenario = {
  needs: ['etcd'],
  foundBy: 'Jepsen, "etcd 3.4.3" (2020); etcd-io/etcd#11456 and #9921, still in the etcd 3.4 of Debian 12',
  shows:
    'a waiter whose lease ended while it waited must not be granted: the Lock RPC of etcd 3.4 grants it, beside one who holds',
  takes: [kept, granted],
}
