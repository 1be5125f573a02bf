/** @module-tag real-time */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../time/clock.ts'
import { Misuse, StaleToken, Unsupported } from '../../store/errors.ts'
import type { Fenced, Mode } from '../../lease/lease.ts'
import { formatSequencer } from '../../lease/sequencer.ts'
import { guardCases, lostUpdates, tokensGoneBack } from '../../testing/guard-contract.ts'
import { commitsIn, registerInFile } from './fence.fixture.ts'
import { fence, fenceTableSql, type SqliteDatabase } from './index.ts'

let folder: string
let file: string
const opened: DatabaseSync[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-guard-'))
  file = join(folder, 'data.db')
})

afterEach(() => {
  for (const db of opened.splice(0)) db.close()
  rmSync(folder, { recursive: true })
})

function open(): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: 0 })
  opened.push(db)
  return db
}

function lease(token: bigint, mode: Mode = 'exclusive', name = 'stock'): Fenced {
  return { namespace: 'shop', name, mode, token }
}

function seats(db: DatabaseSync): void {
  db.exec('CREATE TABLE seat (id TEXT PRIMARY KEY, buyer TEXT, fence INTEGER NOT NULL DEFAULT 0) STRICT')
  db.exec("INSERT INTO seat (id) VALUES ('14A')")
}

function buyerOf(db: DatabaseSync): unknown {
  return db.prepare("SELECT buyer FROM seat WHERE id = '14A'").get()?.['buyer']
}

describe('the guard contract on SQLite', () => {
  for (const { name, run } of guardCases) {
    it(name, () => run(async (clock) => registerInFile(file, clock)))
  }
})

describe('processes with worthless leases on one file', () => {
  async function work(entering: boolean): Promise<{ accepted: number; refused: number }> {
    await registerInFile(file, systemClock).close()
    const program = fileURLToPath(new URL('./fence.fixture.ts', import.meta.url))
    const runs = Array.from({ length: 4 }, async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [
        program,
        file,
        entering ? 'entering' : 'writing',
        '60',
      ])
      return JSON.parse(stdout) as { accepted: number; refused: number }
    })
    const results = await Promise.all(runs)
    const sum = (field: 'accepted' | 'refused'): number => results.reduce((total, result) => total + result[field], 0)
    return { accepted: sum('accepted'), refused: sum('refused') }
  }

  it('lose no update when they enter before they read', async () => {
    const { accepted, refused } = await work(true)
    const commits = commitsIn(file)
    expect([lostUpdates(commits), tokensGoneBack(commits)]).toEqual([0, 0])
    expect(commits).toHaveLength(accepted)
    expect(accepted).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(0)
  })

  it('lose updates when they only write with the guard', async () => {
    await work(false)
    expect(lostUpdates(commitsIn(file))).toBeGreaterThan(0)
  })
})

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
  it('guards a transaction of the caller, and is rolled back with it', () => {
    const db = open()
    seats(db)
    const guard = fence(db)
    db.exec('BEGIN')
    guard.within(lease(35n))
    db.exec("UPDATE seat SET buyer = 'Ada'")
    db.exec('ROLLBACK')
    expect(buyerOf(db)).toBe(null)
    db.exec('BEGIN')
    guard.within(lease(34n))
    db.exec('COMMIT')
    expect(() => guard.check(lease(33n))).toThrow(StaleToken)
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
    db.exec('BEGIN')
    expect(() => fence(silent).enter(lease(33n))).toThrow(/within/)
    fence(silent).within(lease(33n))
    expect(db.isTransaction).toBe(true)
    db.exec('COMMIT')
    expect(() => fence(db).check(lease(32n))).toThrow(StaleToken)
  })
})

describe('row', () => {
  function sell(db: DatabaseSync, holder: Fenced | string, buyer: string): number | bigint {
    const { set, where, parameters } = fence(db).row(holder)
    const update = db.prepare(`UPDATE seat SET buyer = :buyer, ${set} WHERE id = '14A' AND ${where}`)
    return update.run({ buyer, ...parameters }).changes
  }

  it('guards a row by a column of its own: newer and equal tokens pass, a stale one changes nothing', () => {
    const db = open()
    seats(db)
    expect(sell(db, lease(9n), 'Ada')).toBe(1)
    expect(sell(db, formatSequencer(lease(10n)), 'Bob')).toBe(1)
    expect(sell(db, lease(10n), 'Cid')).toBe(1)
    expect(sell(db, lease(9n), 'Dan')).toBe(0)
    expect(buyerOf(db)).toBe('Cid')
  })

  it('of a shared lease is compared and leaves the column as it is', () => {
    const db = open()
    seats(db)
    sell(db, lease(10n), 'Ada')
    expect(sell(db, lease(9n, 'shared'), 'Bob')).toBe(0)
    expect(sell(db, lease(12n, 'shared'), 'Bob')).toBe(1)
    expect(sell(db, lease(11n), 'Cid')).toBe(1)
  })

  it('takes only a plain column name, and no permit', () => {
    const guard = fence(open())
    expect(guard.row(lease(33n), { column: 'token' })).toEqual({
      set: '"token" = :fence',
      where: '"token" <= :fence',
      parameters: { fence: 33n },
    })
    expect(() => guard.row(lease(33n), { column: 'fence" = 0; --' })).toThrow(Misuse)
    expect(() => guard.row(lease(33n, 'permit'))).toThrow(Unsupported)
  })
})

describe('the table of marks', () => {
  it('is made again when the transaction that made it was rolled back', () => {
    const db = open()
    const guard = fence(db)
    db.exec('BEGIN')
    guard.within(lease(33n))
    db.exec('ROLLBACK')
    guard.enter(lease(32n))
    expect(() => guard.check(lease(31n))).toThrow(StaleToken)
  })

  it('may be made by the owner of the database, under another name', () => {
    const db = open()
    db.exec(fenceTableSql('marks'))
    fence(db, { table: 'marks' }).enter(lease(33n))
    expect(db.prepare('SELECT resource, token FROM marks').all()).toEqual([{ resource: 'shop!stock', token: 33 }])
  })

  it('serves readers of a database that cannot be written', () => {
    fence(open()).enter(lease(34n))
    const reader = new DatabaseSync(file, { readOnly: true })
    opened.push(reader)
    fence(reader).check(lease(34n, 'shared'))
    expect(() => fence(reader).run(lease(33n, 'shared'), () => 0)).toThrow(StaleToken)
  })

  it.each(['', 'a b', '1a', 'a"; DROP TABLE seat; --', 'main.a', 'a'.repeat(64), 'é'])(
    'cannot be called %j',
    (table) => {
      expect(() => fence(open(), { table })).toThrow(Misuse)
    },
  )

  it.each([-1, 1.5, '9000h', 'soon'])('a bound on tokens of %j is refused', (maxAhead) => {
    expect(() => fence(open(), { maxAhead })).toThrow(/maxAhead/)
  })

  it('lets tokens be as far ahead of the clock as it is told', () => {
    const clock = { ...systemClock, wallMs: () => 1_000 }
    const guard = fence(open(), { clock, maxAhead: '1s' })
    guard.enter(lease(2_000_000n))
    expect(() => guard.enter(lease(2_000_001n))).toThrow(/maxAhead/)
  })
})
