/**
 * The code of the documentation. The words behind the three backticks decide: `js` is a program, run as it is pasted into the
 * file that its first line names; `ts` is a file of one of the projects in docs, which has a test of its own; with `part`
 * behind it, either is a part of something that the text around it has said.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { read, root } from '../support/tree.ts'

export interface Example {
  /** `docs/guards.md 2`: the second block of that page. */
  readonly title: string
  readonly kind: 'program' | 'file' | 'part'
  readonly language: 'js' | 'ts'
  /** What a program is pasted into; of the others a name for the compiler. */
  readonly file: string
  readonly code: string
  /** What it says it prints, line by line; empty where it says nothing. */
  readonly prints: readonly string[]
}

export interface Project {
  readonly folder: string
  remove(): void
}

const LINKS = [
  'node_modules/@types/node',
  'node_modules/undici-types',
  'node_modules/@aws-sdk/client-dynamodb',
  'node_modules/@bufbuild/protobuf',
  'node_modules/@nats-io/transport-node',
  'node_modules/bullmq',
  'node_modules/croner',
  'node_modules/express',
  'node_modules/@types/express',
  'node_modules/fastify',
  'node_modules/hono',
  'node_modules/ioredis',
  'node_modules/mysql2',
  'node_modules/pg',
  'node_modules/@types/pg',
  'node_modules/knex',
  'node_modules/kysely',
  'node_modules/vitest',
  'packages/holdfast',
  'node_modules/@opentelemetry/api',
  'node_modules/prom-client',
  'packages/testbed',
  'packages/fastify',
  'packages/otel',
  'packages/prometheus',
] as const

export function examplesOf(page: string, markdown: string = read(page)): readonly Example[] {
  return [...markdown.matchAll(/^```(js|ts)( part)?\n([\s\S]*?)^```$/gm)].map(
    ([, language, part, code = ''], index) => {
      const named = /^\/\/ (\S+\.mjs)$/m.exec(code.split('\n', 1)[0] ?? '')?.[1]
      const kind = part === undefined ? (language === 'js' ? 'program' : 'file') : 'part'
      const unnamed = `${page.replaceAll(/[^a-z]+/gi, '-')}-${index + 1}.${language === 'js' ? 'mjs' : 'ts'}`
      if (kind === 'program' && named === undefined) {
        throw new Error(`${page}: block ${index + 1} is a program, so its first line names its file: // something.mjs`)
      }
      const prints = Array.from(code.matchAll(/^\/\/ prints: (.*)$/gm), ([, line = '']) => line)
      const title = `${page} ${index + 1}`
      return { title, kind, language: language === 'js' ? 'js' : 'ts', file: named ?? unnamed, code, prints }
    },
  )
}

/** Blocks in a language that no check looks at, because nothing above matches it. */
export function unknownBlocks(page: string, markdown: string = read(page)): readonly string[] {
  const known = /^(?:(?:js|ts)(?: part)?|ts nest|sh|sql|json|text|diff|)$/
  const fences = Array.from(markdown.matchAll(/^```(.*)$/gm), ([, words = '']) => words)
  return fences.filter((words, index) => index % 2 === 0 && !known.test(words)).map((words) => `${page}: ${words}`)
}

/** `contexts`: what a part takes from the text around it, by its title. `companions`: files that examples import. */
export function projectOf(
  examples: readonly Example[],
  contexts: ReadonlyMap<string, string>,
  companions: string,
): Project {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-examples-'))
  for (const link of LINKS) {
    const name = link
      .replace(/^packages\/(?=testbed|fastify|otel|prometheus)/, '@holdfast/')
      .replace(/^(?:node_modules|packages)\//, '')
    mkdirSync(join(folder, 'node_modules', name, '..'), { recursive: true })
    symlinkSync(join(root, link), join(folder, 'node_modules', name))
  }
  cpSync(join(root, companions), folder, { recursive: true })
  const files = examples.map(({ title, language, code }) => {
    const file = compiledName(title, language)
    writeFileSync(join(folder, file), `${contexts.get(title) ?? ''}${code}\nexport {}\n`)
    return file
  })
  writeFileSync(join(folder, 'package.json'), '{ "name": "examples", "private": true, "type": "module" }\n')
  const typed = files.filter((file) => file.endsWith('.ts'))
  const untyped = files.filter((file) => file.endsWith('.mjs'))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: strict, files: typed }))
  writeFileSync(join(folder, 'tsconfig.js.json'), JSON.stringify({ compilerOptions: checkedScript, files: untyped }))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Two pages may paste into files of one name. */
function compiledName(title: string, language: Example['language']): string {
  return `${title.replaceAll(/[^a-z0-9]+/gi, '-')}.${language === 'js' ? 'mjs' : 'ts'}`
}

const strict = {
  target: 'es2024',
  lib: ['es2024', 'esnext.disposable'],
  module: 'nodenext',
  types: ['node'],
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  allowImportingTsExtensions: true,
} as const

/** What an editor reports for pasted JavaScript: wrong names and wrong calls, and nothing about missing types. */
const checkedScript = {
  target: 'es2024',
  lib: ['es2024', 'esnext.disposable'],
  module: 'nodenext',
  types: ['node'],
  noEmit: true,
  strict: false,
  allowJs: true,
  checkJs: true,
} as const
