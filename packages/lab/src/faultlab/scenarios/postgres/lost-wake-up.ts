/** B comes into the line while the release of A waits for the row: whether A's release sees it decides whether B is ever told. */
import { holdfastLock, type Scenario, type Shown, shown, type Take } from '../scenario.ts'
import { WAITER_TABLE } from './one-statement-release.ts'
import { blockedProcesses, naiveLock, openSession, server } from './setup.ts'

const TTL_MS = 30_000
const WAIT_MS = 1_500

interface Meeting {
  readonly title: string
  readonly lock: Take['lock']
  /** What another program does meanwhile, so that B is at its step when A releases. */
  readonly beside: string
}

const released = ({ title, lock, beside }: Meeting): Take => ({
  title,
  guard: true,
  lock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const engine = await server(setup)
    const a = await setup.scriptedProcess('A', engine.url)
    const [b, c] = [await setup.scriptedProcess('B', engine.url), await setup.scriptedProcess('C', engine.url)]
    await a.does({ do: 'acquire', waitMs: 0 })
    const [other, view] = [await openSession(setup, engine), await openSession(setup, engine)]
    await other.query(`BEGIN; ${beside}`)
    const asking = b.does({ do: 'acquire', waitMs: WAIT_MS })
    await blockedProcesses(view, 1)
    const releasing = a.does({ do: 'release' })
    await blockedProcesses(view, 2)
    await other.query('COMMIT')
    const { text } = await releasing
    if (lock.kind === 'holdfast') {
      const second = await asking
      for (const each of [a, b, c]) await each.leaves()
      return [
        shown('A has released', text === 'released', text),
        shown('B, who came into the line meanwhile, is granted at once', second.ok, second.text),
      ]
    }
    const third = await c.does({ do: 'acquire', waitMs: 0 })
    const second = await asking
    for (const each of [a, b, c]) await each.leaves()
    return [
      shown('A has released', text === 'released', text),
      shown('the lock is free while B waits: C, who comes later, gets it', third.ok, third.text),
      shown('B was told nothing', !second.ok, second.text),
    ]
  },
})

export const lostWakeUp: Scenario = {
  needs: ['postgres'],
  foundBy: 'this project, while it compared statements',
  shows:
    'a release of one statement sees the waiters as they were when it began: one that committed while it waited for the row sleeps on',
  takes: [
    released({ title: 'Holdfast', lock: holdfastLock, beside: 'SELECT FROM holdfast.lines FOR UPDATE' }),
    released({
      title: 'a release that picks the next waiter in the statement that frees the lock',
      lock: naiveLock('one-statement-release.js'),
      // As when an index of it is made.
      beside: `LOCK TABLE ${WAITER_TABLE} IN SHARE MODE`,
    }),
  ],
}
