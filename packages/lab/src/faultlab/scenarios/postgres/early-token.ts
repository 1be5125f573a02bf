/** A token that is made before the row is locked is as old as the wait for the row. */
import { checkTokenOrder } from '../../../judge/token-order.ts'
import { readHistory } from '../../../judge/record.ts'
import { NAIVE_TABLE } from './naive-lease.ts'
import { SERVER } from '../redis/setup.ts'
import { holdfastLock, type Scenario, type Shown, shown, type Take } from '../scenario.ts'
import { blockedProcesses, naiveLock, openSession, server } from './setup.ts'

const TTL_MS = 10_000

interface Race {
  readonly title: string
  readonly lock: Take['lock']
  readonly table: string
}

/** The statement of A waits for a row that is about to be free, and its process in the server is not run for a while. */
const asked = ({ title, lock, table }: Race): Take => ({
  title,
  guard: true,
  lock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const engine = await server(setup)
    const [a, b] = [await setup.scriptedProcess('A', engine.url), await setup.scriptedProcess('B', engine.url)]
    for (const step of [{ do: 'acquire', waitMs: 0 }, { do: 'release' }] as const) await a.does(step)
    const other = await openSession(setup, engine)
    await other.query(`BEGIN; UPDATE ${table} SET token = token`)
    const asking = a.does({ do: 'acquire', waitMs: TTL_MS })
    const [blocked] = await blockedProcesses(await openSession(setup, engine), 1)
    if (blocked === undefined) throw new Error('nothing waits for the row')
    process.kill(blocked, 'SIGSTOP')
    setup.note('pause', SERVER)
    await other.query('COMMIT')
    const second = await b.does({ do: 'acquire', waitMs: TTL_MS })
    await b.does({ do: 'enter' })
    await b.does({ do: 'release' })
    process.kill(blocked, 'SIGCONT')
    setup.note('resume', SERVER)
    const first = await asking
    const entered = await a.does({ do: 'enter' })
    for (const each of [a, b]) await each.leaves()
    const [inversion] = checkTokenOrder(readHistory(setup.events()))
    const tokens = `B ${second.text}, then A ${first.text}`
    const rises = first.ok && second.ok && BigInt(first.text) > BigInt(second.text)
    return lock.kind === 'holdfast'
      ? [
          shown('A, who asked first and was granted last, has the larger token', rises, tokens),
          shown('the guard admits A', entered.ok, entered.text),
        ]
      : [
          shown('A was granted last, and has the smaller token', first.ok && second.ok && !rises, tokens),
          shown('the judge finds it', inversion !== undefined, inversion?.text ?? 'nothing'),
          shown('the guard refuses A, who holds', entered.text === 'STALE_TOKEN', entered.text),
        ]
  },
})

const ours = asked({ title: 'Holdfast', lock: holdfastLock, table: 'holdfast.lines' })

const common: Pick<Scenario, 'needs' | 'foundBy'> = {
  needs: ['postgres'],
  foundBy: 'this project, while it compared statements: 17 of 209 grants with a sequence, 32 of 325 with a clock',
}

export const sequenceToken: Scenario = {
  ...common,
  shows:
    'a token from a sequence is drawn before the statement waits for the row, so the later grant may have the smaller one',
  takes: [ours, asked({ title: 'a token from nextval()', lock: naiveLock('sequence-token.js'), table: NAIVE_TABLE })],
}

export const earlyClockToken: Scenario = {
  ...common,
  shows: 'the same with the clock of the server in the VALUES of an upsert: it is read before the row is locked',
  takes: [
    ours,
    asked({ title: 'a token from the clock in VALUES', lock: naiveLock('early-clock-token.js'), table: NAIVE_TABLE }),
  ],
}
