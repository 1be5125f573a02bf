/**
 * Damaged sources name only what exists: after a rename an old mutant would make a program that breaks at once, and be
 * caught by any test, or one that is wrong in another way than its name says.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runTool } from '../support/run.ts'
import { root } from '../support/tree.ts'
import type { Mutant } from './mutant.ts'
import { damaged } from './sandbox.ts'

/** Cannot find a name, a property or an export. Other errors of types are what a damage may make. */
const UNKNOWN_NAME = /\.mutant-(\d+)\.ts\(.*error TS(?:2304|2305|2339|2551|2552): (.*)/

/** One run of the compiler over all of them, each beside the file that it damages. */
export async function unknownNames(mutants: readonly Mutant[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-mutant-names-'))
  try {
    const workspaces = new Set(mutants.map(({ file }) => file.split('/').slice(0, 2).join('/')))
    for (const path of [...workspaces].flatMap((each) => [`${each}/package.json`, `${each}/src`]))
      cpSync(join(root, path), join(folder, path), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
    const files = mutants.flatMap((mutant, index) => {
      if (!mutant.file.endsWith('.ts')) return []
      const original = readFileSync(join(root, mutant.file), 'utf8')
      // One that does not fit is another complaint.
      if (!original.includes(mutant.find)) return []
      const path = mutant.file.replace(/\.ts$/, `.mutant-${index}.ts`)
      writeFileSync(join(folder, path), damaged(mutant, original))
      return [path]
    })
    const compilerOptions = { noEmit: true, composite: false, incremental: false, declaration: false, ...LENIENT }
    const config = { extends: join(root, 'tsconfig.base.json'), compilerOptions, files }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const { output } = await runTool('typescript/bin/tsc', ['-p', folder, '--pretty', 'false'], { cwd: folder })
    return output.split('\n').flatMap((line) => {
      const [, index, complaint] = UNKNOWN_NAME.exec(line) ?? []
      return index === undefined ? [] : [`${mutants[Number(index)]?.name}: ${complaint}`]
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const LENIENT = {
  isolatedDeclarations: false,
  noUnusedLocals: false,
  noUnusedParameters: false,
  skipLibCheck: true,
} as const
