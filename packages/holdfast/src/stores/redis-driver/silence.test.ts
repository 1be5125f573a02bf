import { expect, test } from 'vitest'
import type { StoreUnavailable } from '../../store/errors.ts'
import { timersOf } from '../../store/environment.ts'
import { answerWithin } from '../../time/call-limit.ts'
import { virtualClock } from '../../testing/virtual-clock.ts'
import type { ConnectedDriver } from './driver.ts'
import { SilenceWatch } from './silence.ts'

/** A silent connection, and what becomes of it. `answers`: of the other connection, in this order; the last one goes on. */
function scene(answers: readonly ('yes' | 'no' | 'silence')[] = ['yes'], canConnect = true) {
  const clock = virtualClock()
  const timers = timersOf(clock)
  const made: { closed: boolean; asked: number; words: (readonly string[])[] }[] = []
  const replaced: ConnectedDriver[] = []
  const reports: string[] = []
  let asked = 0
  const another = (): Promise<ConnectedDriver> => {
    if (!canConnect) return Promise.reject(new Error('refused'))
    const own = { closed: false, asked: 0, words: [] as (readonly string[])[] }
    made.push(own)
    const port = {
      listen: () => Promise.reject(new Error('not used')),
      send(words: readonly string[]): Promise<unknown> {
        own.words.push(words)
        const answer = answers[Math.min(asked, answers.length - 1)]
        asked += 1
        if (answer === 'silence') return new Promise(() => undefined)
        return answer === 'yes' ? Promise.resolve(1) : Promise.reject(new Error('NOPERM no permission'))
      },
    }
    return Promise.resolve({ port, close: () => (own.closed = true) })
  }
  const watch = new SilenceWatch({
    clock,
    another,
    bounded: (call) => answerWithin(timers, call, 5_000, 'another connection'),
    replace: (by) => replaced.push(by),
    report: (trouble: StoreUnavailable) => reports.push(trouble.message),
  })
  const watched = <T>(call: Promise<T>, key?: string, isSent = true): Promise<T> =>
    new Promise((resolve, reject) => {
      const command = { sentAtMs: clock.monotonicMs(), key, isSent, reject }
      watch.sent(command)
      void call.then((answer) => {
        watch.answered(command)
        resolve(answer)
      })
    })
  const silent = (): Promise<unknown> => watched(new Promise(() => undefined), 'key')
  return { clock, watch, watched, made, replaced, reports, silent }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a command without an answer for a second is given up when another is sent and the server answers elsewhere', async () => {
  const { clock, watched, made, replaced, reports, silent } = scene()
  const first = silent()
  await clock.advance(900)
  const second = silent()
  await settled()
  expect(made).toEqual([])
  await clock.advance(101)
  const third = watched(Promise.resolve('answer'))
  for (const call of [first, second])
    await expect(call).rejects.toThrow(/no answer on a connection to Redis for 1001 ms/)
  expect(await third).toBe('answer')
  expect(replaced).toHaveLength(1)
  // Asked where the silent command went, and more than once, so that a server that was slow can answer both.
  expect(made[0]).toMatchObject({
    closed: false,
    words: [
      ['PTTL', 'key'],
      ['PTTL', 'key'],
    ],
  })
  expect(reports.join()).toContain('the new one is used from now on')
})

test('an error that the server says is an answer', async () => {
  const { clock, replaced, silent } = scene(['no'])
  silent().catch(() => undefined)
  await clock.advance(1_100)
  silent().catch(() => undefined)
  await expect.poll(() => replaced.length).toBe(1)
})

test('nothing is replaced while the server is silent elsewhere, too, and that is reported once it lasts', async () => {
  const { clock, made, replaced, reports, silent } = scene(['silence'])
  silent().catch(() => undefined)
  for (let second = 0; second < 30; second += 1) {
    await clock.advance(1_100)
    silent().catch(() => undefined)
    await settled()
  }
  expect(replaced).toEqual([])
  expect(made.length).toBeGreaterThan(1)
  // Ever more seldom, and never two at once.
  expect(made.length).toBeLessThan(6)
  expect(made.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(1)
  expect(reports).toHaveLength(1)
  expect(reports[0]).toMatch(/no answer from Redis for \d+ ms, and none on another connection/)
})

test('nothing is replaced when the answer came while the server was asked elsewhere', async () => {
  const { clock, made, replaced, watched, silent } = scene(['yes'])
  let answer: (value: string) => void = () => undefined
  const slow = watched(new Promise<string>((resolve) => (answer = resolve)))
  await clock.advance(1_100)
  silent().catch(() => undefined)
  // The other connection is being made.
  answer('late')
  expect(await slow).toBe('late')
  await expect.poll(() => made[0]?.closed).toBe(true)
  expect(replaced).toEqual([])
})

test('a connection that cannot be made is no proof of anything', async () => {
  const { clock, replaced, reports, silent } = scene(['yes'], false)
  silent().catch(() => undefined)
  await clock.advance(6_000)
  silent().catch(() => undefined)
  await expect.poll(() => reports.length).toBe(1)
  expect(replaced).toEqual([])
})

test('what was sent is given up when the connection ends, and what waits for a connection is not', async () => {
  const { watch, watched } = scene()
  const sent = watched(new Promise(() => undefined))
  let answer: (value: string) => void = () => undefined
  const waiting = watched(new Promise<string>((resolve) => (answer = resolve)), undefined, false)
  watch.disconnected()
  await expect(sent).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  answer('after the reconnect')
  expect(await waiting).toBe('after the reconnect')
})
