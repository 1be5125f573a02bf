/** What is public is explained: every exported name and member stands in a page, every option with what happens without it. */
import { expect, test } from 'vitest'
import { acceptedReports } from '../../scripts/api-reports.mjs'
import { read, repositoryFiles } from '../support/tree.ts'

/** What a client of a driver happens to have. Such a client is handed in, and no caller writes these members. */
const SHAPES_OF_DRIVERS: ReadonlySet<string> = new Set([
  'IoredisClient',
  'IoredisClusterClient',
  'NodeRedisClient',
  'NodeRedisClusterClient',
  'NodeRedisSentinelClient',
  'RedisCommands',
  'SqliteDatabase',
  'SqliteStatement',
])

interface Member {
  readonly of: string
  /** Undefined for the exported name itself. */
  readonly name?: string
}

const pages = [...repositoryFiles(/^README\.md$|^docs\/.*\.md$/)]

/** The names that a report declares, each with the members of its interface or class. */
function membersOf(report: string): readonly Member[] {
  const declared = report.matchAll(
    /^export (?:declare )?(?:abstract )?(interface|class|function|const|type) (\w+)([\s\S]*?)(?=^\/\/ @|^```$)/gm,
  )
  return [...declared].flatMap(([, kind = '', of = '', body = '']): readonly Member[] => {
    if ((kind !== 'interface' && kind !== 'class') || SHAPES_OF_DRIVERS.has(of)) return [{ of }]
    const names = Array.from(body.matchAll(/^ {4}(?:readonly |get |static )?(\w+)\??[(:<]/gm), ([, name = '']) => name)
    return [{ of }, ...[...new Set(names)].filter((name) => name !== 'constructor').map((name) => ({ of, name }))]
  })
}

/** What stands in code font, in a line or in a block. */
function codeIn(markdown: string): string {
  return Array.from(markdown.matchAll(/^```[\s\S]*?^```$|`[^`\n]+`/gm), ([code]) => code).join('\n')
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

function optionsIn(source: string): readonly Option[] {
  const interfaces = source.matchAll(/^export interface (\w+Options)\b[^{]*\{\n([\s\S]*?)^\}/gm)
  return [...interfaces].flatMap(([, of = '', body = '']) => {
    if (!publicOptions.has(of)) return []
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

test('every public name and every member stands in a page', () => {
  const members = [...acceptedReports().values()].flatMap((report) => membersOf(report))
  expect(members.length).toBeGreaterThan(200)
  const code = codeIn(pages.map((page) => read(page)).join('\n'))
  expect(missing(members, code)).toEqual([])
})

test('every option stands in a table with what happens without it', () => {
  const sources = repositoryFiles(/\.ts$/, 'packages/holdfast/src').filter((path) => !/\.(?:test|fixture)\./.test(path))
  const options = sources.flatMap((path) => optionsIn(read(path)))
  expect(options.length).toBeGreaterThan(25)
  expect(undocumented(options, pages.map((page) => read(page)).join('\n'))).toEqual([])
})

test('every report of the public surface is linked from a page', () => {
  const text = pages.map((page) => read(page)).join('\n')
  expect([...acceptedReports().keys()].filter((file) => !text.includes(`packages/holdfast/etc/${file})`))).toEqual([])
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
