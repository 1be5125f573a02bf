/**
 * Tools that only a test needs, and that no install of ours should have to bring: other compilers, bundlers, a test
 * runner. Each set is fetched by npm when its test first asks for it, into node_modules/.cache.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.ts'
import { root } from './tree.ts'

/** The folder whose node_modules has them, or a sentence why they cannot be had here. */
export type Fetched = { readonly folder: string } | { readonly reason: string }

/** Exact versions, by the name under which they are found. One set belongs to one test file. */
export type ToolSet = Readonly<Record<string, string>>

/** No install script is run: programs come inside their packages. */
export async function fetchTools(set: string, dependencies: ToolSet): Promise<Fetched> {
  const folder = join(root, 'node_modules', '.cache', 'tools', set)
  const manifest = `${JSON.stringify({ private: true, dependencies }, null, 2)}\n`
  const done = join(folder, 'fetched.json')
  if (existsSync(done) && readFileSync(done, 'utf8') === manifest) return { folder }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), manifest)
  const { code, output } = await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder })
  if (code === 0) {
    writeFileSync(done, manifest)
    return { folder }
  }
  const why = /npm error (.*(?:reason:|not found|No match).*)/i.exec(output)?.[1] ?? `npm ended with ${code}`
  return { reason: `the ${set} cannot be had: ${why}` }
}

/** A program that came inside its package. Its install script, which is not run, would make it executable. */
export function executable(path: string): string {
  chmodSync(path, 0o755)
  return path
}

/** A laptop may be offline; a build machine may not pass without having looked. */
export function folderOf(fetched: Fetched, skip: (note: string) => void): string {
  if ('folder' in fetched) return fetched.folder
  if (process.env['CI'] !== undefined) throw new Error(fetched.reason)
  skip(fetched.reason)
  return ''
}
