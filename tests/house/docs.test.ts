/** Documentation that can be compared with the code is compared: links, error codes, options with their defaults. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { errorCodes } from '../../packages/holdfast/src/store/errors.ts'
import { acceptedReports } from '../../scripts/api-reports.mjs'
import { entryPoints } from '../../scripts/entry-points.mjs'
import { parts } from '../../site/side-bar.mjs'
import { complaints, read, repositoryFiles, root } from '../support/tree.ts'

const README_LINES_MAX = 120

/** How GitHub makes the anchor of a heading. */
function anchorOf(heading: string): string {
  const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, '')
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')
}

function anchorsOf(markdown: string): ReadonlySet<string> {
  return new Set([...withoutCode(markdown).matchAll(/^#{1,6}\s+(.+)$/gm)].map(([, heading = '']) => anchorOf(heading)))
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '')
}

/** Links to other sites are not followed: a test must not depend on them. */
function brokenLinks(markdown: string, path: string): readonly string[] {
  const prose = withoutCode(markdown).replaceAll(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)/g)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return []
    const [place = '', anchor = ''] = link.split('#')
    const target = join(dirname(path), place)
    if (place !== '' && !existsSync(join(root, target))) return [`${link} leads nowhere`]
    const text = place === '' ? markdown : target.endsWith('.md') ? read(target) : undefined
    return anchor === '' || text === undefined || anchorsOf(text).has(anchor) ? [] : [`${link} has no such heading`]
  })
}

/** What callers write: interfaces of the public surface that end in `Options`. */
const publicOptions: ReadonlySet<string> = new Set(
  [...acceptedReports().values()].flatMap((report) => report.match(/(?<=interface )\w+Options\b/g) ?? []),
)

/** Members that say nothing, and optional ones that do not say what happens without them. */
function optionsWithoutDefault(source: string, among: ReadonlySet<string>): readonly string[] {
  const interfaces = source.matchAll(/^export interface (\w+Options)\b[^{]*\{\n([\s\S]*?)^\}/gm)
  return [...interfaces].flatMap(([, name = '', body = '']) => {
    if (!among.has(name)) return []
    const members = body.matchAll(/((?: {2}\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?) {2}(?:readonly )?(\w+)(\??)[(:<]/g)
    return [...members].flatMap(([, comment = '', member = '', optional = '']) => {
      if (comment === '') return [`${name}.${member} has no docstring`]
      return optional === '?' && !comment.includes('@default') ? [`${name}.${member} does not name its @default`] : []
    })
  })
}

test('every link within the documentation leads somewhere', () => {
  expect(complaints(repositoryFiles(/\.md$/), brokenLinks)).toEqual([])
})

test('a link to a missing file and to a missing heading are found', () => {
  const markdown = '# One heading\n[a](#one-heading) [b](missing.md) [c](#two) [d](../LICENSE) [e](https://example.org)'
  expect(brokenLinks(markdown, 'docs/x.md')).toEqual(['missing.md leads nowhere', '#two has no such heading'])
})

test('every error code is documented with its meaning, and no other', () => {
  const page = read('docs/errors.md')
  const documented = [...page.matchAll(/^## `([A-Z_]+)`\n\n(.+)$/gm)].map(([, code, meaning]) => [code, meaning])
  expect(documented).toEqual(Object.entries(errorCodes))
})

test('every public option says what it means and what happens without it', () => {
  const sources = repositoryFiles(/\.ts$/, 'packages/holdfast/src').filter((path) => !path.endsWith('.test.ts'))
  expect(publicOptions).toContain('AcquireOptions')
  expect(complaints(sources, (source) => optionsWithoutDefault(source, publicOptions))).toEqual([])
})

test('an option without a docstring or without its default is found', () => {
  const source =
    'export interface XOptions extends Y {\n  readonly a?: number\n  /** B. */\n  b?: string\n  /** C. @default 1 */\n  c?: 1\n  /** D. */\n  d: 2\n}\n'
  expect(optionsWithoutDefault(source, new Set(['XOptions']))).toEqual([
    'XOptions.a has no docstring',
    'XOptions.b does not name its @default',
  ])
})

test('the README is read in a minute', () => {
  expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(README_LINES_MAX)
})

test('the README of the library has a row for each entry point', () => {
  const rows = read('packages/holdfast/README.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  const named = rows.flatMap((row) => row.split('|')[1]?.match(/(?<=`)[^`, ]+(?=`)/g) ?? [])
  expect(named.toSorted()).toEqual(
    Array.from(entryPoints().keys(), (name) => name.replace(/^\./, 'holdfast')).toSorted(),
  )
})

/** What a native does not say, and what tells a reader nothing. */
const AVOIDED =
  /\b(?:dear(?:er)?|mend(?:s|ed)?|go(?:es)? on|whoever|for ever|under way|simply|easily|robust|blazing(?:ly)?)\b/gi

/** Pages that a stranger reads first. */
const FIRST_PAGES = [
  ...parts.filter(({ label }) => label === 'Start').flatMap(({ places }) => places.map(({ page }) => page)),
  ...(
    'using-locks events health shutdown processes lambda modules testing fencing leases production sizing ' +
    'backups change-engine run support compare from-others from-redlock promises stuck-lock'
  )
    .split(' ')
    .map((page) => `docs/${page}.md`),
]

function avoidedWords(markdown: string): readonly string[] {
  return withoutCode(markdown).match(AVOIDED) ?? []
}

test('the pages that are read first are in words that a native uses', () => {
  expect(FIRST_PAGES.length).toBeGreaterThan(20)
  expect(complaints(FIRST_PAGES, avoidedWords)).toEqual([])
  expect(avoidedWords('It goes on, whoever mends it.\n\n```js\n// goes on\n```\n')).toEqual([
    'goes on',
    'whoever',
    'mends',
  ])
})

test('the changelog begins with what is not released yet', () => {
  const [first] = [...read('CHANGELOG.md').matchAll(/^## (.+)$/gm)]
  expect(first?.[1]).toBe('[Unreleased]')
})
