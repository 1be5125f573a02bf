/** A stranger's project that has installed the packed library: what is published is what is tested. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from './run.ts'
import { root } from './tree.ts'

export interface Consumer {
  readonly folder: string
  readonly tarball: string
  remove(): void
}

const TYPES = ['@types/node', 'undici-types'] as const

export async function consumerOfPackedLibrary(): Promise<Consumer> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-consumer-'))
  const installed = join(folder, 'node_modules', 'holdfast')
  mkdirSync(installed, { recursive: true })
  await must('npm', ['pack', '--silent', '--pack-destination', folder], join(root, 'packages', 'holdfast'))
  const tarball = join(folder, readdirSync(folder).find((file) => file.endsWith('.tgz')) ?? 'nothing was packed')
  await must('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'], folder)
  mkdirSync(join(folder, 'node_modules', '@types'))
  for (const name of TYPES) symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  cpSync(join(root, 'tests', 'consumer', 'consumer.ts'), join(folder, 'consumer.ts'))
  writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n')
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: strict, files: ['consumer.ts'] }))
  return { folder, tarball, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** What the packed adapter of a framework has, beside the library; its own dependencies and the framework are linked. */
export function addAdapter({ folder }: Consumer, name: 'fastify' | 'nestjs', links: readonly string[]): void {
  const [from, to] = [join(root, 'packages', name), join(folder, 'node_modules', '@holdfast', name)]
  for (const part of ['package.json', 'dist']) cpSync(join(from, part), join(to, part), { recursive: true })
  for (const link of links) addLink(folder, link)
}

export function addLink(folder: string, name: string): void {
  const to = join(folder, 'node_modules', name)
  if (existsSync(to)) return
  mkdirSync(dirname(to), { recursive: true })
  symlinkSync(join(root, 'node_modules', name), to)
}

/** As strict as a project can be, the library's own declarations included. */
const strict = {
  target: 'es2024',
  lib: ['es2024', 'esnext.disposable'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
} as const

async function must(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, output } = await run(program, args, { cwd })
  if (code !== 0) throw new Error(`${program} ${args[0]} failed: ${output}`)
}
