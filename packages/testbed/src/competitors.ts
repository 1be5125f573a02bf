/** The other libraries: installed on first use into a folder of their own, so that the project does not depend on them. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './engines/command.ts'

const FOLDER = fileURLToPath(new URL('../competitors/', import.meta.url))
const INSTALL_WITHIN_MS = 120_000
/** npm writes what it installed here. */
const INSTALLED = join(FOLDER, 'node_modules', '.package-lock.json')

/** Why they cannot be measured; undefined when they are there. */
export async function installCompetitors(): Promise<string | undefined> {
  if (isInstalled()) return undefined
  try {
    await run('npm', ['ci'], { cwd: FOLDER, withinMs: INSTALL_WITHIN_MS })
    return undefined
  } catch (error) {
    return `npm ci in packages/testbed/competitors failed: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** As a program in that folder would require it; Node loads modules of both kinds that way. */
export function requireCompetitor<Exports>(specifier: string): Exports {
  return createRequire(join(FOLDER, 'package.json'))(specifier) as Exports
}

function isInstalled(): boolean {
  return existsSync(INSTALLED) && versionsIn(INSTALLED) === versionsIn(join(FOLDER, 'package-lock.json'))
}

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>
}

function versionsIn(lockfile: string): string {
  const { packages } = JSON.parse(readFileSync(lockfile, 'utf8')) as Lockfile
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, { version }]) => `${path} ${version}`)
    .sort()
    .join('\n')
}
