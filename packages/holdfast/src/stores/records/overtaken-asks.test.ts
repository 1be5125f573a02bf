import { expect, test } from 'vitest'
import { OutcomeUnknown } from '../../store/errors.ts'
import type { Standing } from '../../store/standing.ts'
import { OvertakenAsks } from './overtaken-asks.ts'

const QUEUED: Standing = { kind: 'queued', ahead: 1 }

test('an ask that a leave has overtaken is followed by another leave, and the claim is gone', async () => {
  const asks = new OvertakenAsks()
  const answer = Promise.withResolvers<Standing>()
  let leaves = 0
  const asked = asks.ask(
    'mine',
    () => answer.promise,
    async () => (leaves += 1),
  )
  asks.left('mine')
  answer.resolve(QUEUED)
  expect(await asked).toEqual({ kind: 'gone' })
  expect(leaves).toBe(1)
})

test('an ask that failed may have been carried out, so it is left again as well', async () => {
  const asks = new OvertakenAsks()
  const answer = Promise.withResolvers<Standing>()
  let leaves = 0
  const asked = asks.ask(
    'mine',
    () => answer.promise,
    async () => {
      leaves += 1
      throw new OutcomeUnknown('nobody hears of this')
    },
  )
  asks.left('mine')
  answer.reject(new OutcomeUnknown('lost'))
  await expect(asked).rejects.toThrow('lost')
  expect(leaves).toBe(1)
})

test('a leave before or after an ask, or of another claim, changes nothing', async () => {
  const asks = new OvertakenAsks()
  const leave = (): never => expect.unreachable()
  asks.left('mine')
  expect(
    await asks.ask(
      'mine',
      async () => {
        asks.left('other')
        return QUEUED
      },
      leave,
    ),
  ).toEqual(QUEUED)
  asks.left('mine')
  expect(await asks.ask('mine', async () => QUEUED, leave)).toEqual(QUEUED)
})

test('whoever closes the store can wait for the second leave', async () => {
  const asks = new OvertakenAsks()
  await asks.ended()
  const answer = Promise.withResolvers<Standing>()
  const events: string[] = []
  const asked = asks.ask(
    'mine',
    () => answer.promise,
    async () => void events.push('second leave'),
  )
  asks.left('mine')
  const ended = (asks.ended() ?? Promise.resolve()).then(() => events.push('ended'))
  answer.resolve(QUEUED)
  await Promise.all([asked, ended])
  expect(events).toEqual(['second leave', 'ended'])
})
