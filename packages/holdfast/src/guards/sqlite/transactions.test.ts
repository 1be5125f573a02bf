/** What the guard does with transactions: its own, those of its caller, and those that the work makes of them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Misuse, StaleToken } from '../../store/errors.ts'
import type { Fenced, Mode } from '../../lease/lease.ts'
import { fence, type SqliteDatabase } from './index.ts'

let folder: string
const opened: DatabaseSync[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-guard-'))
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

function lease(token: bigint, mode: Mode = 'exclusive', name = 'stock'): Fenced {
  return { namespace: 'shop', name, mode, token, assertHeld: () => undefined }
}

function seats(db: DatabaseSync): void {
  db.exec('CREATE TABLE seat (id TEXT PRIMARY KEY, buyer TEXT) STRICT')
  db.exec("INSERT INTO seat (id) VALUES ('14A')")
}

function buyerOf(db: DatabaseSync): unknown {
  return db.prepare("SELECT buyer FROM seat WHERE id = '14A'").get()?.['buyer']
}

describe('run', () => {
  it('returns what the work returned, and hands it the connection', () => {
    const db = open()
    seats(db)
    expect(fence(db).run(lease(33n), (own) => own.prepare("UPDATE seat SET buyer = 'Ada'").run().changes)).toBe(1)
    expect([db.isTransaction, buyerOf(db)]).toEqual([false, 'Ada'])
  })

  it('refuses async work, rolls it back, and leaves no unhandled rejection', async () => {
    const db = open()
    seats(db)
    const work = async (own: DatabaseSync): Promise<void> => {
      own.exec("UPDATE seat SET buyer = 'Ada'")
      await Promise.reject(new Error('late'))
    }
    expect(() => fence(db).run(lease(33n), work)).toThrow(Misuse)
    await new Promise((resolve) => setImmediate(resolve))
    expect([db.isTransaction, buyerOf(db)]).toEqual([false, null])
  })

  it('keeps the error of the work when SQLite has rolled back by itself', () => {
    const db = open()
    seats(db)
    const failure = new Error('the disk is full')
    const work = (): never => {
      db.exec('ROLLBACK')
      throw failure
    }
    expect(() => fence(db).run(lease(33n), work)).toThrow(failure)
  })

  it.each([
    ['committed and goes on', 'COMMIT'],
    ['rolled back and goes on', 'ROLLBACK'],
    ['rolled back and began anew', 'ROLLBACK; BEGIN'],
  ])('says so when the work %s, for then nothing guards what it writes', (_, end) => {
    const db = open()
    seats(db)
    const work = (own: DatabaseSync): void => {
      own.exec(end)
      own.exec("UPDATE seat SET buyer = 'Ada'")
    }
    expect(() => fence(db).run(lease(33n), work)).toThrow(/was ended inside the work/)
    expect(db.isTransaction).toBe(false)
  })

  it('does not commit what the work wrote in a second transaction, when another holder has entered between the two', () => {
    const db = open()
    seats(db)
    const other = open()
    const work = (own: DatabaseSync): void => {
      own.exec('COMMIT')
      fence(other).enter(lease(34n))
      own.exec("BEGIN; UPDATE seat SET buyer = 'late'")
    }
    expect(() => fence(db).run(lease(33n), work)).toThrow(StaleToken)
    expect(buyerOf(db)).toBe(null)
  })

  it('lets the work nest and roll back its own savepoints', () => {
    const db = open()
    seats(db)
    fence(db).run(lease(33n), (own) => {
      own.exec("SAVEPOINT nested; UPDATE seat SET buyer = 'Ada'; ROLLBACK TO nested; RELEASE nested")
      own.exec("UPDATE seat SET buyer = 'Bob'")
    })
    expect(buyerOf(db)).toBe('Bob')
    expect(() => fence(db).check(lease(32n))).toThrow(StaleToken)
  })

  it('passes a busy database on as the driver says it, and nothing is written', () => {
    const db = open()
    seats(db)
    const other = open()
    fence(db).enter(lease(33n))
    other.exec('BEGIN IMMEDIATE')
    const attempt = (): void => fence(db).run(lease(33n), (own) => own.exec("UPDATE seat SET buyer = 'Ada'"))
    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_SQLITE_ERROR', errcode: 5 }))
    other.exec('COMMIT')
    expect(buyerOf(db)).toBe(null)
    attempt()
    expect(buyerOf(db)).toBe('Ada')
  })

  it('of a shared lease reads one snapshot and holds up no writer', () => {
    const db = open()
    seats(db)
    db.exec('PRAGMA journal_mode = WAL')
    const writer = open()
    fence(db).enter(lease(33n))
    const seen = fence(db).run(lease(34n, 'shared'), () => {
      fence(writer).run(lease(35n), (own) => own.exec("UPDATE seat SET buyer = 'Ada'"))
      return buyerOf(db)
    })
    expect([seen, buyerOf(db)]).toEqual([null, 'Ada'])
  })

  it.each(['run', 'enter'] as const)('%s refuses to be part of a transaction that is open already', (method) => {
    const db = open()
    db.exec('BEGIN')
    expect(() => fence(db)[method](lease(33n), () => 0)).toThrow(/within\(\)/)
    expect(db.isTransaction).toBe(true)
  })
})

describe('within', () => {
  it('guards a transaction of the caller, which keeps its mark when it is rolled back', () => {
    const db = open()
    seats(db)
    const guard = fence(db)
    guard.enter(lease(35n))
    db.exec('BEGIN')
    guard.within(lease(35n))
    db.exec("UPDATE seat SET buyer = 'Ada'")
    db.exec('ROLLBACK')
    expect(buyerOf(db)).toBe(null)
    expect(() => guard.check(lease(34n))).toThrow(StaleToken)
  })

  it.each(['BEGIN', 'BEGIN IMMEDIATE', 'SAVEPOINT outer'])(
    'in a transaction that %s opened wants the lease to have entered',
    (begin) => {
      const db = open()
      const guard = fence(db)
      guard.enter(lease(33n))
      db.exec(begin)
      expect(() => guard.within(lease(34n))).toThrow(/call enter\(\) before you BEGIN/)
      expect(() => guard.within(lease(32n))).toThrow(StaleToken)
      guard.within(lease(33n))
      guard.within(lease(34n, 'shared'))
      db.exec('ROLLBACK')
    },
  )

  it.each(['wal', 'delete'])('keeps others out although a savepoint around it was rolled back (%s)', (mode) => {
    const db = open()
    db.exec(`PRAGMA journal_mode = ${mode}`)
    const guard = fence(db)
    guard.enter(lease(33n))
    const other = open()
    db.exec('BEGIN; SAVEPOINT nested')
    guard.within(lease(33n))
    db.exec('ROLLBACK TO nested; RELEASE nested')
    expect(() => fence(other).enter(lease(34n))).toThrow(/locked/)
    db.exec('COMMIT')
    fence(other).enter(lease(34n))
  })

  it('takes the write lock at once, also for a token that is known', () => {
    const db = open()
    db.exec('PRAGMA journal_mode = WAL')
    const guard = fence(db)
    guard.enter(lease(33n))
    const other = open()
    db.exec('BEGIN')
    guard.within(lease(33n))
    expect(() => fence(other).enter(lease(34n))).toThrow(/locked/)
    db.exec('COMMIT')
    fence(other).enter(lease(34n))
  })

  it('guards several locks in one transaction', () => {
    const db = open()
    const guard = fence(db)
    guard.enter(lease(34n, 'exclusive', 'other'))
    const both = (): void => guard.run(lease(33n), () => guard.within(lease(33n, 'exclusive', 'other')))
    expect(both).toThrow(expect.objectContaining({ resource: 'other', held: 33n, needed: 34n }))
    guard.enter(lease(32n))
  })

  it('refuses to guard without a transaction', () => {
    expect(() => fence(open()).within(lease(33n))).toThrow(/BEGIN/)
  })

  it('finds out about the transaction on a driver that does not tell', () => {
    const db = open()
    const silent: SqliteDatabase = { exec: (sql) => db.exec(sql), prepare: (sql) => db.prepare(sql) }
    expect(() => fence(silent).within(lease(33n))).toThrow(/BEGIN/)
    expect(db.isTransaction).toBe(false)
    fence(silent).enter(lease(33n))
    db.exec('BEGIN')
    expect(() => fence(silent).enter(lease(33n))).toThrow(/within/)
    fence(silent).within(lease(33n))
    expect(db.isTransaction).toBe(true)
    db.exec('COMMIT')
    expect(() => fence(db).check(lease(32n))).toThrow(StaleToken)
  })
})
