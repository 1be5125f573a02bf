import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StaleToken, Unsupported } from '../../store/errors.ts'
import type { Fenced, Mode } from '../../lease/lease.ts'
import { judgePruning } from '../sql/entry-terms.fixture.ts'
import { fence, ledger } from './index.ts'

let folder: string
const opened: DatabaseSync[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-ledger-'))
})

afterEach(() => {
  for (const db of opened.splice(0)) db.close()
  rmSync(folder, { recursive: true })
})

function open(): DatabaseSync {
  const db = new DatabaseSync(join(folder, 'data.db'), { timeout: 0 })
  opened.push(db)
  return db
}

function lease(token: bigint, mode: Mode = 'exclusive'): Fenced {
  return { namespace: 'shop', name: 'stock', mode, token, assertHeld: () => undefined }
}

describe('the ledger', () => {
  const lock = { namespace: 'shop', name: 'stock' }

  it('keeps the value of the newest holder, exactly', () => {
    const db = open()
    const book = ledger(db)
    expect(book.get(lock)).toBe(null)
    const token = BigInt(Date.now()) * 1000n
    book.put(lease(token), '{"ticks":1}')
    expect(book.get(lock)).toEqual({ value: '{"ticks":1}', token })
    book.put(lease(token), '')
    expect(book.get(lock)).toEqual({ value: '', token })
    expect(book.get({ ...lock, name: 'Stock' })).toBe(null)
  })

  it('refuses a late put after the successor has entered, so the successor overwrites nothing', () => {
    const [old, successor] = [ledger(open()), ledger(open())]
    old.put(lease(33n), 'first')
    expect(successor.enter(lease(34n))).toEqual({ value: 'first', token: 33n })
    expect(() => old.put(lease(33n), 'late')).toThrow(StaleToken)
    expect(() => old.enter(lease(33n))).toThrow(StaleToken)
    successor.put(lease(34n), 'second')
    expect(old.get(lock)).toEqual({ value: 'second', token: 34n })
  })

  it('is read but not written with a shared lease, and limits what is put', () => {
    const book = ledger(open())
    book.put(lease(33n), 'first')
    expect(book.enter(lease(35n, 'shared'))?.value).toBe('first')
    expect(() => book.put(lease(35n, 'shared'), 'second')).toThrow(Unsupported)
    expect(() => book.put(lease(35n), 'x'.repeat(65_537))).toThrow(/65536/)
    book.put(lease(34n), 'x'.repeat(65_536))
  })

  it('becomes part of a transaction that is open', () => {
    const db = open()
    const book = ledger(db)
    fence(db).enter(lease(34n))
    db.exec('BEGIN')
    book.put(lease(34n), 'first')
    db.exec('ROLLBACK')
    expect(book.get(lock)).toBe(null)
    fence(db).run(lease(35n), () => book.put(lease(35n), 'second'))
    expect(book.get(lock)?.value).toBe('second')
    db.exec('BEGIN')
    expect(() => book.put(lease(36n), 'third')).toThrow(/before you BEGIN/)
    db.exec('ROLLBACK')
  })

  it('removes what was to be kept for so long a day after that, with its mark, and nothing else', async () => {
    await judgePruning((clock) => ledger(open(), { clock }))
  })
})
