/** The leader is cut off from the other members together with the process that holds: it goes on answering keepalives. */
import { leaseEndNs, msAfter } from '../lease-end.ts'
import { SERVER } from '../redis/setup.ts'
import { holdfastLock, type Scenario, type Shown, shown, type Take } from '../scenario.ts'
import { members } from './setup.ts'

const TTL_MS = 3_000
const WAIT_MS = 20 * TTL_MS

const isolated: Take = {
  title: 'A knows the leader alone, B the others',
  guard: true,
  lock: holdfastLock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const cluster = await members(setup, { isParted: true })
    const leader = await cluster.leader()
    const others = cluster.members.filter((member) => member !== leader)
    const urlOf = (some: readonly (typeof leader)[]): string =>
      `etcd://${some.map(({ engine: { host, port } }) => `${host}:${port}`).join(',')}`
    const a = await setup.scriptedProcess('A', urlOf([leader]))
    const b = await setup.scriptedProcess('B', urlOf(others))
    const first = await a.does({ do: 'acquire', waitMs: 0 })
    await a.does({ do: 'enter' })
    await a.does({ do: 'read' })
    setup.note('partition', SERVER)
    const heal = cluster.isolate(leader, { kind: 'hold' })
    const second = await b.does({ do: 'acquire', waitMs: WAIT_MS })
    const granted = setup.events().find(({ p, f, e }) => p === 'B' && f === 'acquire' && e === 'ok')
    const apartMs = msAfter(leaseEndNs(setup.events(), 'A'), granted)
    const told = await setup.finds(({ p, f }) => p === 'A' && f === 'lost-signal')
    await b.does({ do: 'enter' })
    const late = await a.does({ do: 'write' })
    const heldBytes = heal()
    setup.note('pass', SERVER)
    const released = await a.does({ do: 'release' })
    for (const each of [a, b]) await each.leaves()
    return [
      shown('what the members had to say to each other was held up', heldBytes > 0, `${heldBytes} bytes`),
      shown('B holds after the lease of A is over by the clock of A', apartMs >= 0, `${Math.round(apartMs)} ms after`),
      shown('A is told', told !== undefined && released.text === 'expired', `its release: ${released.text}`),
      shown(
        'the token of B is larger',
        second.ok && BigInt(second.text) > BigInt(first.text),
        `${first.text}, then ${second.text}`,
      ),
      shown('a late write of A is not carried out', !late.ok, late.text),
    ]
  },
}

export const isolatedLeader: Scenario = {
  needs: ['etcd'],
  foundBy: 'users of etcd, etcd-io/etcd#15247 and #12528: an old leader goes on answering keepalives, and ends leases',
  shows:
    'who holds through a leader that is cut off must know by its own clock that the lease is over, before the others elect and grant again',
  takes: [isolated],
}
