/**
 * How much code a room may have: an engine is small because what engines share is written once. Lines of code, without
 * comments, blank lines, tests and fixtures.
 */
import { expect, test } from 'vitest'
import { codeLines } from '../support/comments.ts'
import { read, repositoryFiles } from '../support/tree.ts'

interface Budget {
  readonly rooms: readonly string[]
  readonly linesMax: number
}

const LIBRARY = 'packages/holdfast/src'
const STORES = `${LIBRARY}/stores`

/** What every engine on the shared half of the record stores may cost. */
const ENGINE_LINES_MAX = 350
/** What a recipe with an entry of its own may cost, without its declarations in the file that has its name. */
const RECIPE_LINES_MAX = 250
/** What engines share, and what they speak over. */
const SHARED: ReadonlySet<string> = new Set([
  'addresses',
  'records',
  'sessions',
  'sql',
  'dynamodb-driver',
  'etcd-driver',
  'http-driver',
  'zookeeper-driver',
  'kubernetes-driver',
  'mysql-driver',
  'nats-driver',
  'postgres-driver',
  'redis-driver',
])

/**
 * Engines with a size of their own, which may fall and not grow. Redis and Redlock decide in scripts inside the server;
 * SQLite keeps a file that other programs copy, move and delete; etcd enters and hands over a line of any length in one step;
 * ZooKeeper has no clock that a claim could end by, and no server that says how much is left;
 * memory, which stands below every test, is the shortest.
 */
const ownSizes: Readonly<Record<string, number>> = {
  dynamodb: 250,
  etcd: 830,
  kubernetes: 250,
  http: 300,
  memory: 76,
  nats: 250,
  redis: 1_961,
  redlock: 2_850,
  sqlite: 2_075,
  zookeeper: 1_040,
}

const budgets: readonly Budget[] = [
  { rooms: ['client', 'wait', 'lease', 'time'].map((room) => `${LIBRARY}/${room}`), linesMax: 2_500 },
  { rooms: [`${LIBRARY}/line`], linesMax: 450 },
  // Cron is four rooms: the rule of one tick, where ticks are listed, the timetable, and the entry; once is two. Partitions are
  // three: who gets which, what one member does with its own, and the entry.
  ...['tick', 'tick-list', 'timetable', 'key-book', 'assignment', 'share'].map((room) => ({
    rooms: codeOf(room),
    linesMax: RECIPE_LINES_MAX,
  })),
  ...recipes().map((recipe) => ({ rooms: codeOf(recipe), linesMax: RECIPE_LINES_MAX })),
  { rooms: ['docs/own-store/store.ts', 'docs/own-store/cabinet.ts'], linesMax: 80 },
  ...engines().map((engine) => ({ rooms: [`${STORES}/${engine}`], linesMax: ownSizes[engine] ?? ENGINE_LINES_MAX })),
]

/** Recipes with an entry of their own are folders. */
function recipes(): readonly string[] {
  const indexes = repositoryFiles(/\/index\.ts$/, `${LIBRARY}/recipes`)
  return indexes.flatMap((path) => path.slice(`${LIBRARY}/recipes/`.length).split('/', 1))
}

function codeOf(recipe: string): readonly string[] {
  const folder = `${LIBRARY}/recipes/${recipe}`
  return repositoryFiles(/\.ts$/, folder).filter(
    (path) => !/\.(?:test|fixture)\.ts$/.test(path) && path !== `${folder}/${recipe}.ts`,
  )
}

function engines(): readonly string[] {
  const folders = repositoryFiles(/\.ts$/, STORES).map((path) => path.slice(STORES.length + 1).split('/'))
  return [...new Set(folders.flatMap(([name = '', file]) => (file === undefined || SHARED.has(name) ? [] : [name])))]
}

function linesOf(room: string): number {
  const files = room.endsWith('.ts')
    ? [room]
    : repositoryFiles(/\.(?:ts|lua)$/, room).filter((path) => !/\.(?:test|fixture|gen)\.ts$/.test(path))
  return files.reduce((sum, path) => sum + codeLines(read(path), path), 0)
}

test('every engine with a size of its own is one', () => {
  expect(Object.keys(ownSizes).filter((name) => !engines().includes(name))).toEqual([])
})

test.each(budgets)('$rooms: at most $linesMax lines of code', ({ rooms, linesMax }) => {
  const lines = rooms.map((room) => linesOf(room))
  expect(lines.every((count) => count > 0)).toBe(true)
  expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(linesMax)
})

test('comments and blank lines are no code, and quoted texts are', () => {
  const typescript = "/** One. */\nconst a = 'http://x' // two\n\n/*\n three\n*/\nconst b = `\n// four\n`\n"
  expect(codeLines(typescript, 'a.ts')).toBe(4)
  expect(codeLines("-- one\nlocal a = '--' -- two\n\nreturn a\n", 'a.lua')).toBe(2)
})
