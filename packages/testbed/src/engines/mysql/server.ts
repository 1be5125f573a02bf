/** One MySQL on demand. Debian's stable suites have none, so it comes from a later one, into a folder of its own. */
import { dirname } from 'node:path'
import { run } from '../command.ts'
import type { Program } from '../driver.ts'
import { type Engine, EngineNotAvailable, type Release } from '../engine.ts'
import { locateNewer } from '../newer.ts'
import { type MysqlOptions, startMysql } from './process.ts'

export { ping } from './process.ts'

export const engineName = 'mysql'
export const packages: readonly string[] = ['mysql-server-core']

const FILL_WITHIN_MS = 60_000

let found: Promise<Program> | undefined

export function locate(release: Release = 'newer'): Promise<Program> {
  if (release === 'stable') {
    return Promise.reject(
      new EngineNotAvailable(engineName, 'Debian has MariaDB in its stead; a later suite has it (--newer)'),
    )
  }
  found ??= locateNewer({
    engineName,
    packages,
    program: 'mysqld',
    version: { args: ['--no-defaults', '--version'], pattern: /Ver (\d+(?:\.\d+)+)/ },
  }).catch((error: unknown) => {
    found = undefined
    throw error
  })
  return found
}

export async function start(options: MysqlOptions = {}): Promise<Engine> {
  const program = await locate(options.release)
  const [command, ...before] = program.command
  // It was moved, so it is told where its own files are.
  const base = dirname(dirname(program.command.at(-1) ?? ''))
  return startMysql({
    engineName,
    program,
    options,
    settings: { basedir: base, 'innodb-redo-log-capacity': '16M', mysqlx: 'OFF', 'secure-file-priv': 'NULL' },
    async fill(data, account) {
      const args = ['--no-defaults', '--initialize-insecure', `--basedir=${base}`, `--datadir=${data}`]
      await run(command, [...before, ...args, ...account], { withinMs: FILL_WITHIN_MS, cwd: '/' })
    },
  })
}
