/** Turns and marks in one process. */
import { expect, test } from 'vitest'
import type { Fenced, Mode } from '../../lease/lease.ts'
import { LeaseLost, StaleToken, WaitTimeout } from '../../store/errors.ts'
import { PROCESS_MARKS_MAX, TURNS_WAITING_MAX } from '../../store/limits.ts'
import { virtualClock } from '../../testing/virtual-clock.ts'
import { processMarks } from './index.ts'

function lease(token: bigint, mode: Mode = 'exclusive', name = 'stock'): Fenced {
  return { namespace: 'shop', name, mode, token, assertHeld: () => undefined }
}

interface OpenWork {
  readonly result: Promise<unknown>
  end(): void
}

function opened(marks: ReturnType<typeof processMarks>, holder: Fenced, log: string[]): OpenWork {
  const { promise, resolve } = Promise.withResolvers<void>()
  const result = marks.run(holder, async () => {
    log.push(`${holder.token} begins`)
    await promise
    log.push(`${holder.token} ends`)
  })
  result.catch(() => undefined)
  return { result, end: resolve }
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

test('shared requests run together, an exclusive one alone, in the order in which they came', async () => {
  const [marks, log] = [processMarks(), [] as string[]]
  const works = [lease(31n, 'shared'), lease(32n, 'shared'), lease(33n), lease(34n, 'shared')].map((holder) =>
    opened(marks, holder, log),
  )
  await settled()
  expect(log).toEqual(['31 begins', '32 begins'])
  works[0]?.end()
  works[3]?.end()
  await settled()
  expect(log.slice(2)).toEqual(['31 ends'])
  works[1]?.end()
  await settled()
  expect(log.slice(3)).toEqual(['32 ends', '33 begins'])
  works[2]?.end()
  await Promise.all(works.map(({ result }) => result))
  expect(log.slice(5)).toEqual(['33 ends', '34 begins', '34 ends'])
})

test('a request that gave up is not waited for, and what it waited for is', async () => {
  const clock = virtualClock()
  const [marks, log] = [processMarks({ clock, wait: '1s', maxAhead: '8760h' }), [] as string[]]
  const first = opened(marks, lease(33n), log)
  await settled()
  const second = marks.run(lease(34n), async () => undefined)
  second.catch(() => undefined)
  await settled()
  await clock.advance(900)
  const third = opened(marks, lease(35n), log)
  await settled()
  await clock.advance(200)
  await expect(second).rejects.toThrow(WaitTimeout)
  await settled()
  expect(log).toEqual(['33 begins'])
  first.end()
  third.end()
  await third.result
  expect(log).toEqual(['33 begins', '33 ends', '35 begins', '35 ends'])
})

test('a token that became stale in the queue, or whose lease ended there, does not begin', async () => {
  const [marks, log] = [processMarks(), [] as string[]]
  const first = opened(marks, lease(33n), log)
  const newer = opened(marks, lease(35n), log)
  const older = opened(marks, lease(34n), log)
  let isLost = false
  const assertHeld = (): void => {
    if (isLost) throw new LeaseLost('the lease ended')
  }
  const lost = opened(marks, { ...lease(36n), assertHeld }, log)
  await settled()
  isLost = true
  for (const { end } of [first, newer, older, lost]) end()
  await expect(older.result).rejects.toThrow(StaleToken)
  await expect(lost.result).rejects.toThrow(LeaseLost)
  expect(log).toEqual(['33 begins', '33 ends', '35 begins', '35 ends'])
})

test('too many requests for one lock are refused at once, and those for another are not', async () => {
  const [marks, log] = [processMarks(), [] as string[]]
  const works = Array.from({ length: TURNS_WAITING_MAX + 1 }, () => opened(marks, lease(33n), log))
  await expect(marks.run(lease(33n), async () => undefined)).rejects.toThrow(/1000 requests wait/)
  expect(await marks.run(lease(33n, 'exclusive', 'other'), async () => 'done')).toBe('done')
  for (const { end } of works) end()
  await Promise.all(works.map(({ result }) => result))
  expect(await marks.run(lease(33n), async () => 'done')).toBe('done')
})

test('a mark that was given up for room lets no older token in, and those of another namespace stay as they are', async () => {
  const marks = processMarks()
  const nothing = async (): Promise<void> => undefined
  await marks.run(lease(50n, 'exclusive', 'first'), nothing)
  for (let index = 0; index < PROCESS_MARKS_MAX; index += 1) {
    await marks.run(lease(60n, 'exclusive', `name-${index}`), nothing)
  }
  await expect(marks.run(lease(49n, 'exclusive', 'first'), nothing)).rejects.toThrow(StaleToken)
  await expect(marks.run(lease(49n, 'exclusive', 'never seen'), nothing)).rejects.toThrow(StaleToken)
  await marks.run(lease(50n, 'exclusive', 'first'), nothing)
  await marks.run({ ...lease(1n), namespace: 'other' }, nothing)
})
