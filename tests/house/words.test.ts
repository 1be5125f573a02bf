/** What must not stand in any file: marks of unfinished work, places of one machine, addresses of one registry. */
import { expect, test } from 'vitest'
import { complaints, repositoryFiles, WRITTEN } from '../support/tree.ts'

interface Ban {
  readonly what: RegExp
  readonly instead: string
  readonly files: RegExp
  /** Files that have to name it. */
  readonly except?: RegExp
}

const CODE = /\.(?:ts|mjs|js)$/

// Written with odd brackets so that this file does not find itself.
const bans: readonly Ban[] = [
  { what: /\bTOD[O]\b|\bFIXM[E]\b|\bXX[X]\b/, instead: 'do it now or write an issue', files: WRITTEN },
  { what: /@ts-(?:ignor[e]|nochec[k])/, instead: 'use the types, or @ts-expect-error with the reason', files: CODE },
  { what: /\bas an[y]\b/, instead: 'use unknown and look', files: CODE },
  {
    what: /\.(?:ski[p]|onl[y]|tod[o])\(|\.(?:ski[p]|onl[y])\.each/,
    instead: 'skip at run time, with the reason',
    files: /\.ts$/,
  },
  {
    what: /(?:eslin[t]|oxlin[t]|biom[e])-(?:disable|ignore)/,
    instead: 'follow the rule or change it for all',
    files: CODE,
  },
  {
    what: /\/tm[p]\/[a-z]|\/wor[k]\/|\/roo[t]\/|\/hom[e]\/[a-z]/,
    instead: 'ask the system (os.tmpdir, import.meta.url)',
    files: WRITTEN,
  },
  {
    what: /registr[y]\.(?:npmjs|yarnpkg)|"resolve[d]": "http/,
    instead: 'npm knows its registry; see .npmrc',
    files: /(?:\.json|\.npmrc|\.md|\.ts|\.mjs)$/,
  },
]

function bannedWords(text: string, path: string): readonly string[] {
  return bans
    .filter(({ files, except }) => files.test(path) && except?.test(path) !== true)
    .flatMap(({ what, instead }) => {
      const line = text.split('\n').findIndex((each) => what.test(each))
      return line < 0 ? [] : [`line ${line + 1}: ${what.exec(text)?.[0].trim()} — ${instead}`]
    })
}

test('no file has marks of unfinished work, machine paths or registry addresses', () => {
  expect(complaints(repositoryFiles(WRITTEN), bannedWords)).toEqual([])
})

/** The samples have a bar inside, so that this file does not find itself. */
test.each([
  ['a.ts', '// TO|DO: later'],
  ['a.ts', '// @ts-ig|nore'],
  ['a.ts', 'const x = y as a|ny'],
  ['a.test.ts', "test.sk|ip('x', () => {})"],
  ['a.test.ts', "describe.on|ly('x', () => {})"],
  ['a.ts', '// oxlint-dis|able-next-line'],
  ['docs/a.md', 'cd /ho|me/someone/project'],
  ['package-lock.json', '"reso|lved": "https://example.org/x.tgz"'],
])('in %s, %s is found', (path, sample) => {
  expect(bannedWords(sample.replace('|', ''), path)).toHaveLength(1)
})

test('words that only look alike are let through', () => {
  expect(
    bannedWords("// any company, as anyone knows\nif (isAny) skip('no server')\nread('/proc/loadavg')", 'a.ts'),
  ).toEqual([])
})
