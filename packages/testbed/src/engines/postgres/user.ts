/** The user that PostgreSQL and PgBouncer run as, because they refuse to run as root: the one of the package. */
import { chmod } from 'node:fs/promises'
import { dirname } from 'node:path'
import { run } from '../command.ts'

export const USER = 'postgres'

const WITHIN_MS = 10_000

const isRoot = process.getuid?.() === 0

/** The folder above is ours alone, and the server must be able to pass through it. */
export async function openTo(data: string): Promise<void> {
  if (!isRoot) return
  await chmod(dirname(data), 0o711)
  await ownedByServer(data)
}

export async function ownedByServer(path: string): Promise<void> {
  if (isRoot) await run('chown', [USER, path], { withinMs: WITHIN_MS })
}

export function asUser(command: readonly [string, ...string[]]): readonly [string, ...string[]] {
  if (!isRoot) return command
  // The kernel forgets what it was to do at the death of the parent when the user changes, so it is told again.
  return ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--init-groups', '--pdeathsig', 'KILL', ...command]
}
