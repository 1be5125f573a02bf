/**
 * What is public is explained. Everything stands in the reference, which is made from comments; what people call and set stands in
 * a page that was written for them as well, and each option there with what happens without it.
 */
import { describe, expect, test } from 'vitest'
import { acceptedPages, acceptedReports } from '../../scripts/api-reports.mjs'
import { read, repositoryFiles } from '../support/tree.ts'

/** Beside all options: what a program calls, reads and catches. The rest is for authors of stores and guards. */
const FOR_CALLERS: ReadonlySet<string> = new Set([
  'Locks',
  'Lease',
  'LeaseSet',
  'ReadWriteLock',
  'Lock',
  'LineView',
  'NamePage',
  'Health',
  'Logger',
  'EventMap',
  'WaitTimeout',
  'LeaseLost',
  'StaleToken',
  'HoldfastError',
  'VirtualClock',
  'UnreliableStore',
  'SqliteFence',
  'RowFence',
  'SqliteLedger',
  'RedisFence',
  'RedisLedger',
  'RedisWork',
  'Redlock',
  'RedlockLock',
  'RedlockSettings',
])

/** Options of the kit with which stores and guards are tested, and of the seam. */
const FOR_AUTHORS: ReadonlySet<string> = new Set(['LeaveOptions', 'WorkloadOptions'])

/** Their functions are for authors; what callers use of them is named above. */
const ENTRIES_FOR_AUTHORS: ReadonlySet<string> = new Set(['line.api.md', 'records.api.md', 'testing.api.md'])

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
  const isForCallers = (of: string): boolean => FOR_CALLERS.has(of) || (publicOptions.has(of) && !FOR_AUTHORS.has(of))
  const functions = new Set(Array.from(report.matchAll(/^export function (\w+)/gm), ([, name = '']) => name))
  return membersOf(report).filter(({ of, name }) =>
    name === undefined ? functions.has(of) && !ENTRIES_FOR_AUTHORS.has(file) : isForCallers(of),
  )
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
  test('stands in a guide', () => {
    const members = reports.flatMap(([file, report]) => forCallers(file, report))
    expect(members.length).toBeGreaterThan(120)
    expect(missing(members, codeIn(guides))).toEqual([])
  })

  test('stands there with what happens without it, where it is an option', () => {
    const sources = repositoryFiles(/\.ts$/, 'packages/holdfast/src').filter(
      (path) => !/\.(?:test|fixture)\./.test(path),
    )
    const options = sources.flatMap((path) => optionsIn(read(path))).filter(({ of }) => !FOR_AUTHORS.has(of))
    expect(options.length).toBeGreaterThan(25)
    expect(undocumented(options, guides)).toEqual([])
  })

  test('is public under the name it has here', () => {
    const names = new Set(reports.flatMap(([, report]) => membersOf(report)).map(({ of }) => of))
    expect([...FOR_CALLERS, ...FOR_AUTHORS].filter((name) => !names.has(name))).toEqual([])
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
