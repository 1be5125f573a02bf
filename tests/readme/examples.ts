/** The code of the documentation as files of a stranger's project, beside the built library. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { read, root } from '../support/tree.ts'

export interface Example {
  /** `docs/guards.md 2`: the second block of that page. */
  readonly title: string
  readonly file: string
  readonly code: string
  /** It can be run as it is: it imports what it uses, declares nothing away and needs no file beside it. */
  readonly isProgram: boolean
}

export interface Project {
  readonly folder: string
  remove(): void
}

const LINKS = ['node_modules/@types/node', 'node_modules/undici-types', 'packages/holdfast'] as const

export function examplesOf(page: string, markdown: string = read(page)): readonly Example[] {
  return [...markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ''], index) => ({
    title: `${page} ${index + 1}`,
    file: `${page.replaceAll(/[^a-z]+/gi, '-')}-${index + 1}.ts`,
    code,
    isProgram: /^import /m.test(code) && !/^declare /m.test(code) && !/from '\.\.?\//.test(code),
  }))
}

/** `contexts`: what a fragment takes from the text around it, by its title. `companions`: files that examples import. */
export function projectOf(
  examples: readonly Example[],
  contexts: ReadonlyMap<string, string>,
  companions: string,
): Project {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-examples-'))
  mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true })
  for (const link of LINKS) {
    symlinkSync(join(root, link), join(folder, 'node_modules', link.replace(/^(?:node_modules|packages)\//, '')))
  }
  cpSync(join(root, companions), folder, { recursive: true })
  for (const { title, file, code } of examples) writeFileSync(join(folder, file), (contexts.get(title) ?? '') + code)
  writeFileSync(join(folder, 'package.json'), '{ "name": "examples", "private": true, "type": "module" }\n')
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: strict, files: examples.map(({ file }) => file) }),
  )
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
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
