/** Lock files of the formats before: they are opened, and what stands in them goes on. */
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { LineClaim } from '../../line/line.ts'
import type { Claim } from '../../store/claim.ts'
import { systemClock } from '../../time/clock.ts'
import { encodeRecord } from '../records/record.ts'
import { encodeEpoch, epochAt } from './epoch.ts'
import { sqlite } from './index.ts'
import { thisMachine } from './process-identity.ts'
import { claimOf, lockFile, opened, refOf, tokenFrom, tokenOf } from './processes.fixture.ts'
import { APPLICATION_ID, SCHEMA_VERSION } from './schema.ts'

const WAITERS = 100
const RESOURCE = 'test!lock'

interface OldFile {
  readonly path: string
  readonly token: bigint
  /** In their order; the first one holds. */
  readonly claims: readonly Claim[]
}

/** As format 1 and 2 were: two tables, and every claim in the record of its line. */
function oldFile(format: 1 | 2): OldFile {
  const path = lockFile()
  const { epoch, clock } = thisMachine()
  const [nowMs, wallMs] = [
    clock === 'monotonic' ? systemClock.monotonicMs() : systemClock.wallMs(),
    systemClock.wallMs(),
  ]
  const began = epochAt(epoch, nowMs, wallMs)
  const token = BigInt(Math.floor(wallMs)) * 1000n
  const claims = Array.from({ length: WAITERS + 1 }, () => claimOf())
  const inLine = claims.map((claim, index): LineClaim => {
    const kept = { ...claim, channel: 'a-channel', endsAtMs: nowMs + (index === 0 ? 30_000 : 15_000) }
    return index === 0 ? { ...kept, state: 'held', token, provisional: false } : { ...kept, state: 'waiting' }
  })
  const database = new DatabaseSync(path)
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${format};
    CREATE TABLE file (
      only INTEGER PRIMARY KEY CHECK (only = 1), epoch TEXT NOT NULL, generation INTEGER NOT NULL,
      floor INTEGER NOT NULL, ceiling INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE line (
      resource TEXT PRIMARY KEY, generation INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;`)
  const epochText = format === 1 ? epoch : encodeEpoch(began, began.startedAtMs)
  database.prepare('INSERT INTO file VALUES (1, ?, 1, 0, ?)').run(epochText, token + 600_000_000n)
  const record = encodeRecord({ line: { lastToken: token, claims: inLine }, observers: [] })
  database.prepare('INSERT INTO line VALUES (?, 1, ?, ?)').run(RESOURCE, token, record)
  database.prepare("INSERT INTO line VALUES ('test!left', 1, ?, '')").run(token + 5n)
  database.close()
  return { path, token, claims }
}

function seen(path: string, sql: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    return Object.values(database.prepare(sql).get() ?? {})[0]
  } finally {
    database.close()
  }
}

test.each([1, 2] as const)(
  'a file of format %i is opened, and its holder and its crowd go on in their order',
  async (format) => {
    const { path, token, claims } = oldFile(format)
    const store = await opened(sqlite({ path }))
    const [holder, next] = claims
    if (holder === undefined || next === undefined) throw new Error('no claims')
    const newcomer = claimOf()
    expect(await store.enter(newcomer)).toMatchObject({ kind: 'queued', ahead: WAITERS })
    expect(seen(path, 'PRAGMA user_version')).toBe(SCHEMA_VERSION)
    // Only the processes of format 1 have to be kept out, by a generation in which every life begins anew.
    const { endsInMs = 0 } = (await store.look(RESOURCE)).claims[0] ?? {}
    expect(endsInMs > 30_000).toBe(format === 1)
    expect(seen(path, 'SELECT count(*) FROM waiter')).toBe(WAITERS + 1)
    expect((await store.look(RESOURCE)).claims.map(({ id }) => id)).toEqual(
      [...claims, newcomer].map(({ id }) => id.slice(0, 8)),
    )
    expect(await store.renew([{ ref: { ...refOf(holder), token }, ttlMs: 60_000 }])).toMatchObject([
      { kind: 'held', token },
    ])
    await store.leave({ ...refOf(holder), token })
    expect(tokenOf(await store.enter(next))).toBeGreaterThan(token)
    expect(await tokenFrom(store, 'test!left')).toBeGreaterThan(token + 5n)
  },
)

test.each([1, 2] as const)('a look at a file of format %i shows it and leaves it as it is', async (format) => {
  const { path } = oldFile(format)
  const store = await opened(sqlite({ path }))
  expect((await store.look(RESOURCE)).claims).toHaveLength(WAITERS + 1)
  expect(await store.list('test!', undefined, 10)).toEqual({ resources: [RESOURCE] })
  expect(seen(path, 'PRAGMA user_version')).toBe(format)
  expect(seen(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'waiter'")).toBe(0)
})

test('two processes that open a file of the format before share it from then on', async () => {
  const { path, claims, token } = oldFile(2)
  const [one, other] = [await opened(sqlite({ path })), await opened(sqlite({ path }))]
  expect(await one.enter(claimOf())).toMatchObject({ kind: 'queued', ahead: WAITERS })
  expect(await other.enter(claimOf())).toMatchObject({ kind: 'queued', ahead: WAITERS + 1 })
  const [holder] = claims
  expect(await other.leave({ ...refOf(holder ?? claimOf()), token })).toBe('left')
  expect((await one.look(RESOURCE)).claims[0]).toMatchObject({ state: 'held', id: claims[1]?.id.slice(0, 8) })
})
