/** The leader is killed while a hundred wait in line, in whatever agrees by a quorum. */
import type { HistoryEvent } from '@holdfast/testbed/history'
import type { Member } from '@holdfast/testbed/engines/driver'
import { lineAt, SERVER, soon } from '../redis/setup.ts'
import { holdfastLock, type Shown, shown, type Take } from '../scenario.ts'
import type { Answer } from '../steps.ts'
import type { ScenarioSetup } from '../scenario-setup.ts'

const TTL_MS = 4_000
const WAIT_MS = 45_000
const PROCESSES = ['B', 'C', 'D', 'E']
const WAITERS = 100
/** An election takes one to two seconds, a client knows of it after a second, and the machine may be busy. */
const GAP_MS_MAX = 6_000

/** Servers that elect a leader, and how clients reach all of them. */
export interface Quorum {
  readonly url: string
  leader(): Promise<Member>
}

export const killedLeader = (start: (setup: ScenarioSetup) => Promise<Quorum>): Take => ({
  title: 'A holds, and four processes wait with 25 claims each',
  guard: true,
  lock: holdfastLock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const cluster = await start(setup)
    const a = await setup.scriptedProcess('A', cluster.url)
    const crowd = await Promise.all(PROCESSES.map((name) => setup.scriptedProcess(name, cluster.url)))
    await a.does({ do: 'acquire', waitMs: 0 })
    const of = WAITERS / PROCESSES.length
    const served = Promise.all(crowd.map((each) => each.does({ do: 'crowd', of, waitMs: WAIT_MS })))
    await soon('the line', async () => (await lineAt(cluster.url)).claims.length === WAITERS + 1)
    setup.note('failover', SERVER)
    await (await cluster.leader()).engine.kill()
    await a.does({ do: 'release' })
    const answers = await served
    for (const each of [a, ...crowd]) await each.leaves()
    return seen(setup.events(), answers)
  },
})

function seen(events: readonly HistoryEvent[], answers: readonly Answer[]): readonly Shown[] {
  const grants = events.filter(({ f, e }) => f === 'acquire' && e === 'ok')
  const tokens = grants.map(({ out }) => BigInt(out?.['token'] as string))
  const gapsMs = grants.slice(1).map(({ t }, index) => Number(BigInt(t) - BigInt(grants[index]?.t ?? t)) / 1e6)
  const isAlone = grants.every(({ out, t }, index) => {
    const releasing = events.find(
      ({ f, e, in: told }) => f === 'release' && e === 'call' && told?.['token'] === out?.['token'],
    )
    const next = grants[index + 1]
    return next === undefined || (releasing !== undefined && BigInt(releasing.t) <= BigInt(next.t) && t !== next.t)
  })
  const count = answers.reduce((sum, { text }) => sum + Number(text), 0)
  return [
    shown('all of them are served', count === WAITERS, `${count} of ${WAITERS}`),
    shown('one at a time', isAlone, `${grants.length} grants`),
    shown(
      'in the order in which they came',
      tokens.every((token, index) => index === 0 || token > (tokens[index - 1] ?? 0n)),
      `tokens from ${tokens[0] ?? 'none'} to ${tokens.at(-1) ?? 'none'}`,
    ),
    shown(
      'the line goes on when another member leads',
      Math.max(...gapsMs) < GAP_MS_MAX,
      `${Math.round(Math.max(...gapsMs))} ms without a grant`,
    ),
  ]
}
