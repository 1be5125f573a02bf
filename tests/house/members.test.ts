/**
 * What is public is explained. Everything stands in the reference, which is made from comments; what people call and set stands in
 * the page of its entry point as well, and each option there with what happens without it.
 */
import { describe, expect, test } from 'vitest'
import { acceptedPages, acceptedReports } from '../../scripts/api-reports.mjs'
import { read, repositoryFiles } from '../support/tree.ts'

function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.split(' '))
}

/** What stores, guards and test kits are written against; its reference is enough. Everything else is for callers. */
const FOR_AUTHORS: ReadonlySet<string> = namesIn(
  'Claim EngineErrorDetails ErrorDetails Gone Held Hint LeaveOptions OpenStore Outcome Queued Ref ' +
    'Refused Renewal ResourcePage Stamp Store StoreEnvironment Timer Clock NotApplied ClientEvent ' +
    'MemoryEngine',
)

/** Their rows are what a driver, a framework or a table of a server looks like: who made it explains it. */
const SHAPES_OF_OTHERS: ReadonlySet<string> = namesIn(
  'ConnectedDriver Hearer IoredisClient IoredisClusterClient NodeRedisClient RedisDriver ' +
    'NodeRedisClusterClient NodeRedisSentinelClient Subscriptions Primary PgPool PgPoolClient ' +
    'PgGuardClient PgGuardPool PostgresJs PostgresJsQuery PostgresJsSql MariadbPool Mysql2Pool ' +
    'MysqlGuardConnection MysqlGuardPool DynamodbClient DynamodbSender DynamodbTable FenceTable ' +
    'NatsClient NatsMessage NatsStatus SqliteDatabase SqliteStatement FastifyReplyLike FastifyRequestLike ' +
    'HonoContextLike NodeRequestLike NodeResponseLike MarkCondition',
)

/** What a lease gives to others, which its own page explains once. */
const PARTS_OF_LEASES: ReadonlySet<string> = new Set(['Fenced', 'EtcdHolder', 'ZookeeperHolder', 'Ledger'])

const ENTRIES_FOR_AUTHORS: ReadonlySet<string> = new Set(['line.api.md', 'records.api.md', 'testing.api.md'])

const OPTIONS_OF_KITS: ReadonlySet<string> = new Set(['WorkloadOptions'])

/** And what callers use of those. */
const FOR_CALLERS: ReadonlySet<string> = new Set(['VirtualClock', 'UnreliableStore', 'VirtualClockOptions'])

/** Packages whose interfaces with defaults are all options, and the page of each. */
const ADAPTERS: Readonly<Record<string, string>> = {
  fastify: 'docs/fastify.md',
  nestjs: 'docs/nestjs.md',
  otel: 'docs/telemetry.md',
  prometheus: 'docs/telemetry.md',
}

/** Its names are on every page. */
const EVERYWHERE = 'holdfast.api.md'

interface Member {
  readonly of: string
  /** Undefined for the exported name itself. */
  readonly name?: string
}

const guides = repositoryFiles(/^README\.md$|^docs\/[^/]+\.md$/)
  .map((page) => read(page))
  .join('\n')

/** The names that a report declares, each with the members of its interface or class. */
function membersOf(report: string): readonly Member[] {
  const declared = report.matchAll(
    /^(?:export )?(interface|class|function|const|type) (\w+)([\s\S]*?)(?=^\/\/ @|^```$)/gm,
  )
  return [...declared].flatMap(([, kind = '', of = '', body = '']): readonly Member[] => {
    if (kind !== 'interface' && kind !== 'class') return [{ of }]
    const names = Array.from(body.matchAll(/^ {4}(?:readonly |get |static )?(\w+)\??[(:<]/gm), ([, name = '']) => name)
    return [{ of }, ...[...new Set(names)].filter((name) => name !== 'constructor').map((name) => ({ of, name }))]
  })
}

/** What stands in code font, in a line or in a block. */
function codeIn(markdown: string): string {
  return Array.from(markdown.matchAll(/^```[\s\S]*?^```$|`[^`\n]+`/gm), ([code]) => code).join('\n')
}

/** Names and members that a reader of guides meets. */
function forCallers(file: string, report: string): readonly Member[] {
  const values = new Set(
    Array.from(report.matchAll(/^export (?:function|const|class) (\w+)/gm), ([, name = '']) => name),
  )
  return membersOf(report).filter(({ of, name }) => {
    if (ENTRIES_FOR_AUTHORS.has(file)) return name !== undefined && FOR_CALLERS.has(of)
    if ([FOR_AUTHORS, SHAPES_OF_OTHERS, PARTS_OF_LEASES].some((names) => names.has(of))) return false
    return name !== undefined || values.has(of)
  })
}

/** The pages that the list of all entry points names for one. */
function guidesOf(file: string): string {
  const row = read('docs/api.md')
    .split('\n')
    .find((line) => line.includes(`/${file})`))
  const about = row?.split('|')[2] ?? ''
  return Array.from(about.matchAll(/\]\(([\w-]+\.md)/g), ([, page = '']) => read(`docs/${page}`)).join('\n')
}

function missing(members: readonly Member[], code: string): readonly string[] {
  const known = new Set(code.match(/\w+/g) ?? [])
  return members
    .filter(({ of, name }) => !known.has(name ?? of))
    .map(({ of, name }) => (name === undefined ? of : `${of}.${name}`))
}

interface Option {
  readonly of: string
  readonly name: string
  readonly fallback: string
}

const publicOptions: ReadonlySet<string> = new Set(
  [...acceptedReports().values()].flatMap((report) => report.match(/(?<=interface )\w+Options\b/g) ?? []),
)

function optionsIn(source: string, isPublic: (of: string) => boolean): readonly Option[] {
  const interfaces = source.matchAll(/^(?:export )?interface (\w+)\b[^{]*\{\n([\s\S]*?)^\}/gm)
  return [...interfaces].flatMap(([, of = '', body = '']) => {
    if (!isPublic(of)) return []
    const members = body.matchAll(/@default ([\s\S]*?)\s*\*\/\n {2}(?:readonly )?(\w+)\?/g)
    return Array.from(members, ([, fallback = '', name = '']) => ({
      of,
      name,
      fallback: plain(fallback.replaceAll(/\n\s*\* ?/g, ' ')),
    }))
  })
}

/** Quotes and code font are a matter of the page. */
function plain(text: string): string {
  return text
    .replaceAll(/[`'"\\]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** Rows of tables that begin with the option in code font, and say its default. */
function undocumented(options: readonly Option[], markdown: string): readonly string[] {
  const rows = markdown.split('\n').filter((line) => line.startsWith('| `'))
  return options
    .filter(
      ({ name, fallback }) => !rows.some((row) => row.startsWith(`| \`${name}\``) && plain(row).includes(fallback)),
    )
    .map(({ of, name, fallback }) => `${of}.${name}, without it: ${fallback}`)
}

const reports = [...acceptedReports()]

describe('everything public', () => {
  test('stands in the reference', () => {
    const reference = [...acceptedPages().values()].join('\n')
    const members = reports.flatMap(([, report]) => membersOf(report))
    expect(members.length).toBeGreaterThan(300)
    expect(missing(members, codeIn(reference))).toEqual([])
  })

  test('has its declarations and its page linked from a guide', () => {
    const links = reports.flatMap(([file]) => [
      `packages/holdfast/etc/${file})`,
      `(api/${file.replace('.api.md', '.md')})`,
    ])
    expect(links.filter((link) => !guides.includes(link))).toEqual([])
  })
})

describe('what people call and set', () => {
  test('stands in the guide of its entry point', () => {
    const found = reports.map(([file, report]) => ({ file, members: forCallers(file, report) }))
    expect(found.flatMap(({ members }) => members).length).toBeGreaterThan(500)
    const gaps = found.flatMap(({ file, members }) =>
      missing(members, codeIn(file === EVERYWHERE ? guides : guidesOf(file))).map((member) => `${file}: ${member}`),
    )
    expect(gaps).toEqual([])
  })

  test('stands there with what happens without it, where it is an option', () => {
    const sources = repositoryFiles(/\.ts$/, 'packages/holdfast/src').filter(
      (path) => !/\.(?:test|fixture)\./.test(path),
    )
    const options = sources
      .flatMap((path) => optionsIn(read(path), (of) => publicOptions.has(of)))
      .filter(({ of }) => !FOR_AUTHORS.has(of) && !OPTIONS_OF_KITS.has(of))
    expect(options.length).toBeGreaterThan(25)
    expect(undocumented(options, guides)).toEqual([])
  })

  test.each(Object.entries(ADAPTERS))('stands so for %s, too', (adapter, page) => {
    const sources = repositoryFiles(/\.ts$/, `packages/${adapter}/src`).filter(
      (path) => !/\.(?:test|fixture)\./.test(path),
    )
    const options = sources.flatMap((path) => optionsIn(read(path), () => true))
    expect(options.length).toBeGreaterThan(0)
    expect(undocumented(options, read(page))).toEqual([])
  })

  test('is public under the name it has here', () => {
    const names = new Set(reports.flatMap(([, report]) => membersOf(report)).map(({ of }) => of))
    const listed = [FOR_CALLERS, FOR_AUTHORS, SHAPES_OF_OTHERS, PARTS_OF_LEASES].flatMap((each) => [...each])
    expect(listed.filter((name) => !names.has(name))).toEqual([])
  })
})

test('a name, a member and an option that no page has are found', () => {
  const report =
    '```ts\n\n// @public\nexport interface X {\n    readonly a?: string;\n    b(): void;\n}\n\n// @public\nexport const y: 1;\n```\n'
  expect(missing(membersOf(report), codeIn('`X` has `a` and b.\n```js\nconst z = 1\n```\n'))).toEqual(['X.b', 'y'])
  const options = [
    { of: 'X', name: 'a', fallback: '10s' },
    { of: 'X', name: 'b', fallback: 'none' },
  ]
  expect(undocumented(options, '| `a` | `10s` | A |\n| `b` | 5s | B |')).toEqual(['X.b, without it: none'])
})
