/** What a schedule is, and what is refused as one. */
import { expect, test } from 'vitest'
import { FIRST, LINE, machines, NAME } from '../tick/machines.fixture.ts'
import { cron, scheduled } from './index.ts'

const MINUTE_MS = 60_000
const at = (minutes: number): Date => new Date(FIRST.getTime() + minutes * MINUTE_MS)

test('a scheduler that tells no tick gets the one that is nearest', async () => {
  const { clock, machine } = machines()
  const tenth = scheduled(
    machine().locks,
    NAME,
    { schedule: '*/10 * * * *', atMostFor: '4m' },
    (run, greeting: string) => [greeting, run.tick],
  )
  await clock.advance(10 * MINUTE_MS - 3)
  expect(await tenth('hello')).toMatchObject({ ran: true, value: ['hello', at(10)] })
  await clock.advance(40)
  expect(await tenth('hello')).toMatchObject({ ran: false, because: 'done' })
})

test('bad use is refused when it is made', async () => {
  const { ledger, machine } = machines()
  const { locks } = machine()
  const made = (options: object) => cron(locks, NAME, { schedule: '* * * * *', atMostFor: '1m', ...options }, () => 0)
  await expect(made({ schedule: 'at noon' })).rejects.toMatchObject({
    code: 'MISUSE',
    message: expect.stringMatching(/"at noon"/),
  })
  await expect(made({ timezone: 'Nowhere' })).rejects.toMatchObject({ code: 'MISUSE' })
  await expect(made({ schedule: {} })).rejects.toThrow(/nextRun\(\) and previousRuns\(\)/)
  await expect(made({ catchUp: 'last' })).rejects.toThrow(/needs a ledger/)
  await expect(made({ catchUp: 'some', ledger })).rejects.toThrow(/one of none, last, all/)
  await expect(made({ atmostFor: '1m' })).rejects.toThrow(/no option "atmostFor"/)
  await expect(cron({ ...locks }, NAME, { schedule: '* * * * *', atMostFor: '1m' }, () => 0)).rejects.toThrow(
    /not a copy/,
  )
  expect((await locks.inspect(LINE)).claims).toEqual([])
})
