/** Names and comments: one meaning a word, nouns for files, and the noun of the code as the subject of a sentence. */
import { describe, expect, test } from 'vitest'
import { commentsOf } from '../support/comments.ts'
import { complaints, read, repositoryFiles } from '../support/tree.ts'

const LIBRARY = 'packages/holdfast/src'
const PROGRAMS = [
  'packages/cli/src',
  'packages/server/src',
  'packages/telemetry/src',
  'packages/otel/src',
  'packages/prometheus/src',
  'packages/fastify/src',
  'packages/nestjs/src',
  'packages/testbed/src',
  'packages/lab/src',
  'packages/bench/src',
  'examples',
] as const

const isMade = (path: string): boolean => path.endsWith('.gen.ts')
const isTest = (path: string): boolean => /\.(?:test|fixture)\.ts$/.test(path)

const sources = (...folders: readonly string[]): readonly string[] =>
  folders.flatMap((folder) => repositoryFiles(/\.ts$/, folder).filter((path) => !isTest(path) && !isMade(path)))

describe('type names', () => {
  /** Also of types that a file keeps to itself: a reader meets both. */
  function typesIn(text: string): readonly string[] {
    const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '')
    const found = code.matchAll(
      /^(?:export )?(?:declare )?(?:abstract )?(?:interface|type|class) (\w+)(?![\w,]| from)/gm,
    )
    return [...new Set([...found].map(([, name = '']) => name))]
  }

  function twice(texts: readonly string[]): readonly string[] {
    const names = texts.flatMap((text) => typesIn(text))
    return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))]
  }

  test('in the library stand for one type each', () => {
    expect(twice(sources(LIBRARY).map((path) => read(path)))).toEqual([])
  })

  test('that two files share are found', () => {
    const texts = [
      'export interface Part {}\ninterface Own<T> {}',
      'class Part {}\nexport type Other = 1',
      'type Own = 2',
    ]
    expect(twice(texts)).toEqual(['Part', 'Own'])
    expect(twice(["import type { Part } from './a.ts'\nexport type { Part } from './a.ts'", 'type Part = 1'])).toEqual(
      [],
    )
  })
})

describe('file names', () => {
  /** Nouns, although they end like participles, and the name of a command. */
  const NOUNS: ReadonlySet<string> = new Set(['standing', 'drawing', 'markdown', 'token', 'find-broken', 'locked'])

  /** The last word of a name says what the file is: a thing, not something that happens or was done. */
  function participle(path: string): readonly string[] {
    const name = path.slice(path.lastIndexOf('/') + 1).replace(/\..*$/, '')
    const head = name.slice(name.lastIndexOf('-') + 1)
    const isParticiple = head.length > 4 && /(?:ing|ed|wn|[kv]en)$/.test(head)
    return isParticiple && !NOUNS.has(head) && !NOUNS.has(name) ? [`${name} is no noun`] : []
  }

  test('are nouns', () => {
    expect(complaints(sources(LIBRARY, ...PROGRAMS), (_, path) => participle(path))).toEqual([])
  })

  test.each(['a/waiting.ts', 'a/store-opening.ts', 'a/observed.ts', 'a/taken.test.ts'])('%s is found', (path) => {
    expect(participle(path)).toHaveLength(1)
  })

  test.each(['a/queued-claim.ts', 'a/standing.ts', 'a/token.ts', 'a/ring.ts'])('%s is let through', (path) => {
    expect(participle(path)).toEqual([])
  })
})

describe('comments', () => {
  /** A process is no person, and a claim that holds has a name. */
  const PERSONS = /\b(?:some|any|every|no)body\b|\bwhoever\b|\bthose who\b|\bhe\b|\bhis\b|\bhim(?:self)?\b/gi

  /** How many are left where others are at work; these may only fall. Everywhere else there are none. */
  const CEILINGS: Readonly<Record<string, number>> = {
    'packages/holdfast/src/client': 5,
    'packages/holdfast/src/compat': 6,
    'packages/holdfast/src/guards': 9,
    'packages/holdfast/src/lease': 1,
    'packages/holdfast/src/store': 1,
    'packages/holdfast/src/stores': 124,
    'packages/holdfast/src/wait': 1,
  }

  function roomOf(path: string): string {
    const parts = path.split('/')
    return parts.slice(0, path.startsWith(LIBRARY) ? 4 : 2).join('/')
  }

  function persons(text: string, path: string): number {
    return commentsOf(text, path).reduce((sum, comment) => sum + [...comment.text.matchAll(PERSONS)].length, 0)
  }

  test('speak of claims, waiters and processes, and not of somebody', () => {
    const counts = new Map<string, number>()
    // This file has to name them.
    const files = repositoryFiles(/\.(?:ts|mjs|lua)$/).filter(
      (path) => !isMade(path) && !path.endsWith('language.test.ts'),
    )
    for (const path of files) counts.set(roomOf(path), (counts.get(roomOf(path)) ?? 0) + persons(read(path), path))
    const above = [...counts].filter(([room, count]) => count > (CEILINGS[room] ?? 0))
    expect(above.map(([room, count]) => `${room}: ${count} of at most ${CEILINGS[room] ?? 0}`)).toEqual([])
  })

  test('that speak of persons are counted, and texts for people are not', () => {
    const source = "/** Whoever holds\n * may leave; nobody else. */\nsay('nobody holds it') // he is told\n"
    expect(persons(source, 'a.ts')).toBe(3)
    expect(persons("-- somebody waits\nreturn 'nobody'", 'a.lua')).toBe(1)
  })
})

describe('documents that comments refer to', () => {
  const DOCUMENT = /(?<![\w./-])((?:[\w-]+\/)*[\w-]+\.md)((?:#[\w-]+)?)(\s*§|\s+\d+\.\d|,\s+(?:"|[A-Z]))?/g

  function unknownDocuments(text: string, path: string): readonly string[] {
    const found = commentsOf(text, path).flatMap((comment) => [...comment.text.matchAll(DOCUMENT)])
    return found.flatMap(([, document = '', anchor = '', section]) => {
      if (!documents.has(document)) return [`there is no ${document} in the repository`]
      if (section !== undefined) return [`${document} has headings: ${document}#heading`]
      return anchor === '' || anchorsOf(read(document)).has(anchor) ? [] : [`${document} has no heading ${anchor}`]
    })
  }

  const documents: ReadonlySet<string> = new Set(repositoryFiles(/\.md$/))

  function anchorsOf(markdown: string): ReadonlySet<string> {
    const headings = [...markdown.matchAll(/^#{1,6}\s+(.+)$/gm)].map(([, heading = '']) => heading.toLowerCase())
    return new Set(
      headings.map(
        (heading) =>
          `#${heading
            .replaceAll(/[^\w\s-]/g, '')
            .trim()
            .replaceAll(/\s/g, '-')}`,
      ),
    )
  }

  test('are pages of the repository, with such a heading', () => {
    const files = repositoryFiles(/\.(?:ts|mjs|lua)$/).filter(
      (path) => !isMade(path) && !path.endsWith('language.test.ts'),
    )
    expect(complaints(files, unknownDocuments)).toEqual([])
  })

  test('that are elsewhere, or are cited otherwise than by the anchor of a heading, are found', () => {
    const source = [
      '// the design (verification.md C2)',
      '/** See docs/protocols/time.md §1.2 and docs/protocols/time.md#no-such-heading. */',
      '// as docs/protocols/time.md#the-deadline and ARCHITECTURE.md say',
      '// (docs/protocols/line.md, The rule) and docs/protocols/line.md, "Tokens", in docs/protocols/line.md, which says so',
    ].join('\n')
    expect(unknownDocuments(source, 'a.ts')).toEqual([
      'there is no verification.md in the repository',
      'docs/protocols/time.md has headings: docs/protocols/time.md#heading',
      'docs/protocols/time.md has no heading #no-such-heading',
      ...Array.from({ length: 2 }, () => 'docs/protocols/line.md has headings: docs/protocols/line.md#heading'),
    ])
  })
})
