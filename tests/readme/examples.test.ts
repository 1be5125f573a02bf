/** Every example of the documentation compiles against the library as it was built. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run, runTool } from '../support/run.ts'
import { repositoryFiles } from '../support/tree.ts'
import { examplesOf, type Project, projectOf, unknownBlocks } from './examples.ts'

const SLOW_MS = 60_000
const PAGES = [
  ...repositoryFiles(/^[^/]+\.md$|^docs\/.*\.md$/),
  'packages/holdfast/README.md',
  'packages/cli/README.md',
] as const
const examples = PAGES.flatMap((page) => examplesOf(page))

const ENGINES = `import type { Engine } from '@holdfast/testbed/engines'
import { openFragileDisk, openSkewedClock, redis } from '@holdfast/testbed/engines'
`

/** Prisma makes its client from a schema, TypeORM is not among the packages of this project, and the types of drizzle need those of every driver. */
const ORMS = `import type { Lease } from 'holdfast'
import { fence } from 'holdfast/guards/postgres'
import type { Knex } from 'knex'
import { type Kysely, sql, type Transaction } from 'kysely'
interface Shop { seat: { id: string; buyer: string } }
declare namespace Prisma { interface TransactionClient { $queryRawUnsafe(text: string): Promise<unknown> } }
declare const prisma: { $transaction<T>(work: (tx: Prisma.TransactionClient) => Promise<T>): Promise<T> }
interface DrizzleTransaction { execute(text: string): Promise<unknown> }
declare const drizzleDb: { transaction<T>(work: (tx: DrizzleTransaction) => Promise<T>): Promise<T> }
interface EntityManager { query(text: string): Promise<unknown> }
declare const dataSource: { transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> }
declare const [knexDb, kyselyDb]: [Knex, Kysely<Shop>]
declare const lease: Lease
declare const [seat, buyer]: [string, string]
`

const FRAMEWORKS = `import type { HttpGuard, NodeRequestLike, NodeResponseLike } from 'holdfast/guards/http'
type Lock = () => { namespace: 'shop'; name: string; mode: 'exclusive' }
declare const guard: HttpGuard<object>
declare const lockOf: Lock
declare function sell(tx: object): Promise<string>
type JsonResponse = NodeResponseLike & { json(body: unknown): void }
declare const app: { put(path: string, handler: (request: NodeRequestLike, response: JsonResponse, next: (error: unknown) => void) => void): void }
declare const fastifyApp: { put(path: string, handler: (request: { headers: {} }, reply: { sent: boolean; code(status: number): void; headers(values: object): void }) => Promise<unknown>): void }
interface JsonContext { req: { header(name: string): string | undefined }; json(body: unknown): Response }
declare const honoApp: { put(path: string, handler: (context: JsonContext) => Promise<Response>): void }
`

/** What the text around a part has said already. */
const contexts: ReadonlyMap<string, string> = new Map([
  [
    'docs/guards.md 2',
    `import type { DatabaseSync } from 'node:sqlite'
import type { Lease } from 'holdfast'
import type { SqliteFence } from 'holdfast/guards/sqlite'
declare const [guard, lease, shop]: [SqliteFence, Lease, DatabaseSync]
declare const [seat, buyer]: [string, string]
`,
  ],
  [
    'docs/guards.md 4',
    `import type { Lease } from 'holdfast'
import type { SqlFence } from 'holdfast/guards/postgres'
import type { Pool } from 'pg'
declare const [guard, lease, pool]: [SqlFence<unknown>, Lease, Pool]
declare const [seat, buyer]: [string, string]
`,
  ],
  [
    'docs/guards.md 5',
    `import { fenceTriggerSql } from 'holdfast/guards/postgres'
import type { Pool } from 'pg'
declare const pool: Pool
`,
  ],
  [
    'docs/guards.md 6',
    `import type { Lease } from 'holdfast'
import type { SqlFence, SqlLedger } from 'holdfast/guards/postgres'
import type { PoolClient } from 'pg'
declare const [guard, book, lease]: [SqlFence<PoolClient>, SqlLedger, Lease]
declare const [seat, buyer]: [string, string]
`,
  ],
  [
    'docs/guards.md 7',
    `import { fence, fenceTriggerSql, type MysqlGuardPool } from 'holdfast/guards/mysql'
declare const pool: MysqlGuardPool
`,
  ],
  ['docs/guards.md 8', ORMS],
  ['docs/guards.md 10', FRAMEWORKS],
  [
    'docs/guards.md 12',
    `import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import type { Lease } from 'holdfast'
import type { DynamodbFence } from 'holdfast/guards/dynamodb'
declare const guard: DynamodbFence
declare const lease: Lease
declare const client: DynamoDBClient
`,
  ],
  [
    'docs/guards.md 13',
    `import type { Lease } from 'holdfast'
import { fence } from 'holdfast/guards/files'
declare const lease: Lease
declare function addTo(value: Buffer | undefined): string
`,
  ],
  [
    'docs/guards.md 14',
    `import { rename, writeFile } from 'node:fs/promises'
import type { Lease } from 'holdfast'
import { flockFence } from 'holdfast/guards/files'
declare const lease: Lease
declare const prices: string
`,
  ],
  [
    'docs/engines-on-demand.md 1',
    `import { beforeEach } from 'vitest'
declare function connect(url: string): unknown
`,
  ],
  [
    'docs/using-locks.md 4',
    `import { holdfast } from 'holdfast'
import { redis } from 'holdfast/redis'
`,
  ],
  [
    'docs/events.md 3',
    `import { holdfast } from 'holdfast'
import { memory } from 'holdfast/memory'
const locks = holdfast(memory())
`,
  ],
  [
    'docs/telemetry.md 1',
    `import type { Locks } from 'holdfast'
declare const locks: Locks
`,
  ],
  [
    'docs/events.md 4',
    `import { holdfast } from 'holdfast'
import { redis } from 'holdfast/redis'
`,
  ],
  [
    'docs/etcd.md 2',
    `import { holdfast } from 'holdfast'
import { etcd } from 'holdfast/etcd'
declare const put: object
`,
  ],
  [
    'docs/zookeeper.md 2',
    `import { holdfast } from 'holdfast'
import { zookeeper } from 'holdfast/zookeeper'
declare const config: Buffer
declare function done(error: unknown): void
interface Changes { check(path: string, version: number): Changes; setData(path: string, data: Buffer, version: number): Changes; commit(done: (error: unknown) => void): void }
declare const client: { transaction(): Changes }
`,
  ],
  ['docs/engines-on-demand.md 2', ENGINES],
  [
    'docs/fault-lab.md 1',
    `/** @type {(k: string, ttlMs: number, waitMs: number) => Promise<{ token: bigint, askedMs: number }>} */
const take = async () => ({ token: 1n, askedMs: performance.now() })
/** @type {(k: string) => Promise<boolean>} */
const giveBack = async () => true
`,
  ],
])

describe('the examples of the documentation', () => {
  let project: Project
  beforeAll(() => {
    project = projectOf(examples, contexts, 'docs/own-store')
  })
  afterAll(() => project.remove())

  test.each(['tsconfig.json', 'tsconfig.js.json'])('compile (%s)', { timeout: SLOW_MS }, async (config) => {
    const { code, output } = await runTool('typescript/bin/tsc', ['--project', config], { cwd: project.folder })
    expect(code, output).toBe(0)
  })
})

test('are in languages that a test looks at', () => {
  expect(PAGES.flatMap((page) => unknownBlocks(page))).toEqual([])
  expect(unknownBlocks('page.md', '```tsx\n```\n```sh\n```\n```ts whole\n```')).toEqual([
    'page.md: tsx',
    'page.md: ts whole',
  ])
})

test('the programs of the README are among them', () => {
  const programs = examples.filter(({ kind }) => kind === 'program').map(({ title }) => title)
  expect(programs).toEqual(expect.arrayContaining(['README.md 1', 'README.md 2', 'docs/choose.md 1']))
})

test('an example that does not compile is found, and one that names no file', { timeout: SLOW_MS }, async () => {
  const page = [
    "```js\n// a.mjs\nimport { holdfast } from 'holdfast'\nholdfast(1)\n```",
    '```ts part\nguard.row(lease)\n```',
  ].join('\n')
  const found = examplesOf('page.md', page)
  expect(found.map(({ kind }) => kind)).toEqual(['program', 'part'])
  expect(() => examplesOf('page.md', '```js\nlet x\n```')).toThrow('its first line names its file')
  const project = projectOf(found, new Map(), 'docs/own-store')
  try {
    const compile = (config: string) =>
      runTool('typescript/bin/tsc', ['--project', config], { cwd: project.folder }).then(({ output }) => output)
    expect(await compile('tsconfig.js.json')).toMatch(/page-md-1\.mjs\(3,10\): error/)
    expect(await compile('tsconfig.json')).toMatch(/page-md-2\.ts\(1,1\): error/)
    expect((await run(process.execPath, ['page-md-1.mjs'], { cwd: project.folder })).code).toBe(1)
  } finally {
    project.remove()
  }
})
