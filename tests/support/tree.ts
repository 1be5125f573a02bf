/** The files of the repository as the house tests see them: everything but what is installed, built or measured. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

const NOT_OURS: ReadonlySet<string> = new Set([
  'node_modules',
  'dist',
  'coverage',
  'demo-out',
  '.vitest',
  '.git',
  '.pages',
  '.astro',
  'lua.gen.ts',
])

/** Paths from the top folder with forward slashes, in order. */
export function repositoryFiles(ending: RegExp, below = ''): readonly string[] {
  const found: string[] = []
  const folders = [below]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (NOT_OURS.has(entry.name)) continue
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) folders.push(path)
      else if (entry.isFile() && ending.test(path)) found.push(path)
    }
  }
  return found.toSorted()
}

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** Applies a rule to files and gives its complaints, each with the file in front. */
export function complaints(
  paths: readonly string[],
  rule: (text: string, path: string) => readonly string[],
): string[] {
  return paths.flatMap((path) => rule(read(path), path).map((complaint) => `${path}: ${complaint}`))
}

/** Text files people write; the lockfile and pictures are left out. */
export const WRITTEN: RegExp = /(?:\.(?:ts|mjs|js|json|md|lua|sql|css|html|yml|yaml|sh)|LICENSE|\/run|\.npmrc)$/
