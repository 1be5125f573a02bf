/**
 * The trigger for writers that forgot the guard.
 * @module-tag real-time
 */
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { Misuse } from '../../store/errors.ts'
import { Guarded, lease } from './guarded.fixture.ts'
import { fence, fenceTableSql, fenceTriggerSql } from './index.ts'

const guarded = new Guarded()
const FORGOTTEN = expect.objectContaining({ code: 'LF001', message: expect.stringContaining('without its lock') })

beforeEach(async (context) => {
  await requireEngine(context, server)
  await guarded.start()
})
afterAll(() => guarded[Symbol.asyncDispose]())

async function triggered(lock: { readonly name: string; readonly column?: string }) {
  const { schema, seat } = await guarded.shop()
  await guarded.person.query(fenceTableSql({ schema }))
  const text = fenceTriggerSql('seat', { schema, namespace: 'shop', ...lock })
  await guarded.person.query(text)
  await guarded.person.query(text)
  return { seat, guard: fence(guarded.pool(), { schema }) }
}

const changes = (seat: string): readonly (readonly [what: string, text: string])[] => [
  ['INSERT', `INSERT INTO ${seat} (id) VALUES ('14C')`],
  ['UPDATE', `UPDATE ${seat} SET buyer = 'late' WHERE id = '14A'`],
  ['DELETE', `DELETE FROM ${seat} WHERE id = '14A'`],
  ['TRUNCATE', `TRUNCATE ${seat}`],
]

it.each(changes('').map(([what]) => what))('refuses a forgotten %s, whatever the locks are over', async (what) => {
  for (const lock of [{ name: 'seats' }, { name: 'seat:', column: 'id' }]) {
    const { seat } = await triggered(lock)
    const [, text = ''] = changes(seat).find(([each]) => each === what) ?? []
    await expect(guarded.person.query(text)).rejects.toEqual(FORGOTTEN)
  }
})

it('lets everything pass that the guard has let pass, and only in that transaction', async () => {
  const { seat, guard } = await triggered({ name: 'seats' })
  const whole = lease(33n, 'exclusive', 'seats')
  await guard.enter(whole)
  await expect(guarded.person.query(`UPDATE ${seat} SET buyer = 'late'`)).rejects.toEqual(FORGOTTEN)
  await guard.run(whole, async (tx) => {
    for (const [, text] of changes(seat)) await tx.query(text)
  })
  expect((await guarded.person.query(`SELECT FROM ${seat}`)).rowCount).toBe(0)
  await expect(guarded.person.query(`INSERT INTO ${seat} (id) VALUES ('15A')`)).rejects.toEqual(FORGOTTEN)
})

it('wants the lock of each row, and of both when a row goes from one to the other', async () => {
  const { seat, guard } = await triggered({ name: 'seat:', column: 'id' })
  await guard.run(lease(33n), (tx) => tx.query(`UPDATE ${seat} SET buyer = 'Ada' WHERE id = '14A'`))
  const other = guard.run(lease(33n), (tx) => tx.query(`UPDATE ${seat} SET buyer = 'Ada' WHERE id = '14B'`))
  await expect(other).rejects.toEqual(FORGOTTEN)
  const moved = `UPDATE ${seat} SET id = '14C' WHERE id = '14A'`
  await expect(guard.run(lease(33n), (tx) => tx.query(moved))).rejects.toEqual(FORGOTTEN)
  await expect(guard.run(lease(33n, 'exclusive', 'seat:14C'), (tx) => tx.query(moved))).rejects.toEqual(FORGOTTEN)
  await guard.run(lease(33n), async (tx) => {
    await guard.within(lease(33n, 'exclusive', 'seat:14C'), tx)
    await tx.query(moved)
  })
})

it.each(['Ärger/2', '100%', 'a b\n', '🔒', "o'clock", 'x'.repeat(150), 'ÿ'])(
  'finds the lock of the row %j',
  async (id) => {
    const { seat, guard } = await triggered({ name: 'seat:', column: 'id' })
    const own = lease(33n, 'exclusive', `seat:${id}`)
    await guard.run(own, (tx) => tx.query(`INSERT INTO ${seat} (id) VALUES ($1)`, [id]))
    await expect(guarded.person.query(`DELETE FROM ${seat} WHERE id = $1`, [id])).rejects.toEqual(FORGOTTEN)
  },
)

it('takes plain names alone', () => {
  const lock = { name: 'seats' }
  expect(() => fenceTriggerSql('seat"; --', lock)).toThrow(Misuse)
  expect(() => fenceTriggerSql('seat', { ...lock, column: 'id"' })).toThrow(Misuse)
  expect(() => fenceTriggerSql('s'.repeat(60), lock)).toThrow(/63|62/)
})
