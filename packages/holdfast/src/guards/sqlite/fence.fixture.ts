/** A guarded register in a SQLite file, for the guard contract; run as a program it is one process of the workload. */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../time/clock.ts'
import { StaleToken } from '../../store/errors.ts'
import type { Fenced } from '../../lease/lease.ts'
import type { Change, Commit, GuardedRegister, GuardedResource } from '../../testing/guard-contract.ts'
import { fence, type SqliteFence } from './index.ts'

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE register (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  CREATE TABLE history (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, based INTEGER NOT NULL, value INTEGER NOT NULL, token TEXT NOT NULL
  ) STRICT;
  CREATE TABLE last (token INTEGER NOT NULL) STRICT;
  INSERT INTO last (token) VALUES (0);
`

/** What a connection's owner may choose; the guard must not depend on it. */
const SETTINGS = [{}, { readBigInts: true }, { returnArrays: true }]

/** Connections wait `busyMs` for each other: 0 within one process, where a wait would block the one who is waited for. */
export function registerInFile(file: string, clock: Clock, busyMs = 0): GuardedResource {
  const opened = [new DatabaseSync(file, { timeout: busyMs })]
  opened[0]?.exec(SCHEMA)
  return {
    async connect() {
      const db = new DatabaseSync(file, { timeout: busyMs, ...SETTINGS[opened.length % SETTINGS.length] })
      opened.push(db)
      return registerOn(db, fence(db, { clock }))
    },
    async commits() {
      return commitsIn(file)
    },
    async close() {
      for (const db of opened) db.close()
    },
  }
}

export function commitsIn(file: string): readonly Commit[] {
  const db = new DatabaseSync(file)
  const rows = db.prepare('SELECT key, based, value, token FROM history ORDER BY seq').all()
  db.close()
  return rows.map((row) => ({
    key: String(row['key']),
    based: Number(row['based']),
    value: Number(row['value']),
    token: BigInt(String(row['token'])),
  }))
}

function registerOn(db: DatabaseSync, guard: SqliteFence<DatabaseSync>): GuardedRegister {
  const read = (key: string): number => {
    const row = db.prepare('SELECT value FROM register WHERE key = ?').get(key)
    return row === undefined ? 0 : Number(Object.values(row)[0])
  }
  return {
    enter: async (holder) => guard.enter(holder),
    check: async (holder) => guard.check(holder),
    read: async (key) => read(key),
    async enterAndRead(holder, key) {
      guard.enter(holder)
      return read(key)
    },
    async write(holder, change, hooks = {}) {
      guard.run(holder, () => {
        hooks.before?.()
        void hooks.meanwhile?.()
        store(db, holder, change)
        hooks.after?.()
      })
    },
    async writeAfterNestedRollback(holder, change, hooks = {}) {
      db.exec('BEGIN; SAVEPOINT nested')
      try {
        guard.within(holder)
        db.exec('ROLLBACK TO nested; RELEASE nested')
        void hooks.meanwhile?.()
        store(db, holder, change)
        db.exec('COMMIT')
      } catch (error) {
        db.exec('ROLLBACK')
        throw error
      }
    },
  }
}

function store(db: DatabaseSync, { token }: Fenced, { key, based, value }: Change): void {
  db.prepare('INSERT OR REPLACE INTO register (key, value) VALUES (?, ?)').run(key, value)
  const record = db.prepare('INSERT INTO history (key, based, value, token) VALUES (?, ?, ?, ?)')
  record.run(key, based, value, String(token))
}

/** Takes grants that exclude nobody, until its time is up: reads, pauses, writes. */
async function workAlone(
  file: string,
  entering: boolean,
  grants: number,
): Promise<{ accepted: number; refused: number }> {
  const db = new DatabaseSync(file, { timeout: 10_000 })
  const register = registerOn(db, fence(db))
  const grant = db.prepare('UPDATE last SET token = token + 1 RETURNING token')
  let accepted = 0
  let refused = 0
  for (let round = 0; round < grants; round += 1) {
    const [last] = grant.all()
    const fenced: Fenced = {
      namespace: 'contract',
      name: 'stock',
      mode: 'exclusive',
      token: BigInt(String(last?.['token'])),
      assertHeld: () => undefined,
    }
    try {
      if (entering) await register.enter(fenced)
      const based = await register.read('stock')
      await pause(Math.random() * 4)
      await register.write(fenced, { key: 'stock', based, value: based + 1 })
      accepted += 1
    } catch (error) {
      if (!(error instanceof StaleToken)) throw error
      refused += 1
    }
  }
  db.close()
  return { accepted, refused }
}

if (import.meta.main) {
  const [, , file = '', entering, grants] = process.argv
  process.stdout.write(JSON.stringify(await workAlone(file, entering === 'entering', Number(grants))))
}
