/** How long outcomes stay in a ledger, on virtual time. */
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { ledger as sqliteLedger } from '../../guards/sqlite/index.ts'
import { machines } from '../tick/machines.fixture.ts'
import { once } from './index.ts'

const lost = { kind: 'lost-request', silence: 'throws' } as const

test('an outcome may be removed a day after `keep`, and what was begun and not finished stays', async () => {
  const { clock, machine } = machines()
  const book = sqliteLedger(new DatabaseSync(':memory:'), { clock })
  const options = { ledger: book, interrupted: 'refuse', keep: '1h' } as const
  let isDead = false
  const [here, dying] = [machine(), machine(0, () => (isDead ? lost : undefined))]
  const payments = once(here.locks, 'payments', options)
  await payments.run('order-1', () => 'receipt')
  once(dying.locks, 'payments', options)
    .run('begun', () => new Promise(() => undefined))
    .catch(() => undefined)
  await clock.advance(1_000)
  isDead = true
  await clock.advance(25 * 3_600_000)
  expect(book.prune()).toBe(1)
  expect([await payments.look('order-1'), await payments.look('begun')]).toMatchObject([
    { state: 'unknown' },
    { state: 'interrupted' },
  ])
})
