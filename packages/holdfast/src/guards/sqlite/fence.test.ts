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
import { guardCases, lostUpdates, tokensGoneBack } from '../../testing/guard-contract.ts'
import { commitsIn, registerInFile } from './fence.fixture.ts'
import { fence, fenceTableSql } from './index.ts'

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
  return { namespace: 'shop', name, mode, token, assertHeld: () => undefined }
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

describe('row', () => {
  function sell(db: DatabaseSync, holder: Fenced, buyer: string): number | bigint {
    const { set, where, parameters } = fence(db).row(holder)
    const update = db.prepare(`UPDATE seat SET buyer = :buyer, ${set} WHERE id = '14A' AND ${where}`)
    return update.run({ buyer, ...parameters }).changes
  }

  it('guards a row by a column of its own: newer and equal tokens pass, a stale one changes nothing', () => {
    const db = open()
    seats(db)
    expect(sell(db, lease(9n), 'Ada')).toBe(1)
    expect(sell(db, lease(10n), 'Bob')).toBe(1)
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
    guard.within(lease(33n, 'shared'))
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
