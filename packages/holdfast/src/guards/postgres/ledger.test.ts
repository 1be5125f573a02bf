/**
 * The ledger in PostgreSQL.
 * @module-tag real-time
 */
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { StaleToken, Unsupported } from '../../store/errors.ts'
import { judgePruning } from '../sql/entry-terms.fixture.ts'
import { Guarded, lease } from './guarded.fixture.ts'
import { fence, ledger } from './index.ts'

const guarded = new Guarded()
const lock = { namespace: 'shop', name: 'seat:14A' }

beforeEach(async (context) => {
  await requireEngine(context, server)
  await guarded.start()
})
afterAll(() => guarded[Symbol.asyncDispose]())

it('keeps the value of the newest holder, exactly', async () => {
  const { schema } = await guarded.shop()
  const book = ledger(guarded.pool(), { schema })
  expect(await book.get(lock)).toBe(null)
  const token = BigInt(Date.now()) * 1000n
  const value = `{"ticks":1} ' \\ $1 ? :a %s é 🔒 \u2028\n\t"`
  await book.put(lease(token), value)
  expect(await book.get(lock)).toEqual({ value, token })
  await book.put(lease(token), '')
  expect(await book.get(lock)).toEqual({ value: '', token })
  expect(await book.get({ ...lock, name: 'Seat:14A' })).toBe(null)
})

it('refuses a late put after the successor has entered, so the successor overwrites nothing', async () => {
  const { schema } = await guarded.shop()
  const [old, successor] = [ledger(guarded.pool(), { schema }), ledger(guarded.pool(), { schema })]
  await old.put(lease(33n), 'first')
  expect(await successor.enter(lease(34n))).toEqual({ value: 'first', token: 33n })
  await expect(old.put(lease(33n), 'late')).rejects.toThrow(StaleToken)
  await expect(old.enter(lease(33n))).rejects.toThrow(StaleToken)
  await successor.put(lease(34n), 'second')
  expect(await old.get(lock)).toEqual({ value: 'second', token: 34n })
})

it('is read but not written with a shared lease, and limits what is put', async () => {
  const { schema } = await guarded.shop()
  const book = ledger(guarded.pool(), { schema })
  await book.put(lease(33n), 'first')
  expect((await book.enter(lease(35n, 'shared')))?.value).toBe('first')
  await expect(book.put(lease(35n, 'shared'), 'second')).rejects.toThrow(Unsupported)
  await expect(book.put(lease(35n), 'x'.repeat(65_537))).rejects.toThrow(/65536/)
  await book.put(lease(34n), 'x'.repeat(65_536))
})

it('becomes part of a transaction that is open: an effect and its outcome are there together or not at all', async () => {
  const { schema, seat } = await guarded.shop()
  const pool = guarded.pool()
  const [guard, book] = [fence(pool, { schema }), ledger(pool, { schema })]
  await book.put(lease(33n), 'begun')
  const sell = async (fails: boolean): Promise<void> =>
    await guard.run(lease(33n), async (tx) => {
      await tx.query(`UPDATE ${seat} SET buyer = 'Ada'`)
      await book.put(lease(33n), 'sold', { tx, keep: '1h' })
      expect(await book.enter(lease(33n), tx)).toEqual({ value: 'sold', token: 33n })
      if (fails) throw new Error('no')
    })
  await expect(sell(true)).rejects.toThrow('no')
  expect([(await book.get(lock))?.value, await guarded.buyerOf(seat)]).toEqual(['begun', null])
  await sell(false)
  expect([(await book.get(lock))?.value, await guarded.buyerOf(seat)]).toEqual(['sold', 'Ada'])
})

it('removes what was to be kept for so long a day after that, with its mark, and nothing else', async () => {
  const { schema } = await guarded.shop()
  expect(await ledger(guarded.pool(), { schema }).prune()).toBe(0)
  await judgePruning((clock) => ledger(guarded.pool(), { schema, clock }))
})
