/** One MariaDB on demand. */
import { which, run } from '../command.ts'
import type { Program } from '../driver.ts'
import { type Engine, EngineNotAvailable, type Release } from '../engine.ts'
import { locateInstalled } from '../install.ts'
import { type MysqlOptions, startMysql } from '../mysql/process.ts'

export { ping } from '../mysql/process.ts'

export const engineName = 'mariadb'
/** The programs alone, without a service. The second has what the script that makes the system tables calls. */
export const packages: readonly string[] = ['mariadb-server-core', 'mariadb-client-core']

const FILL_WITHIN_MS = 60_000
/** It has room on a disk that is made for a test. */
const LOG_SIZE = '16M'

let found: Promise<Program> | undefined

export function locate(release: Release = 'stable'): Promise<Program> {
  if (release === 'newer') {
    return Promise.reject(new EngineNotAvailable(engineName, 'only the version of this Debian can be started'))
  }
  found ??= locateInstalled({
    engineName,
    packages,
    program: 'mariadbd',
    find: async () => ((await which('my_print_defaults')) === undefined ? undefined : which('mariadbd')),
    version: { args: ['--no-defaults', '--version'], pattern: /Ver (\d+(?:\.\d+)+)-MariaDB/ },
  }).catch((error: unknown) => {
    found = undefined
    throw error
  })
  return found
}

export async function start(options: MysqlOptions = {}): Promise<Engine> {
  const program = await locate(options.release)
  return startMysql({
    engineName,
    program,
    options,
    settings: { 'innodb-log-file-size': LOG_SIZE },
    async fill(data, account) {
      const args = [
        '--no-defaults',
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        `--datadir=${data}`,
        // Two that are made at once would delete the leftovers of each other.
        `--tmpdir=${data}`,
        `--innodb-log-file-size=${LOG_SIZE}`,
      ]
      await run('mariadb-install-db', [...args, ...account], { withinMs: FILL_WITHIN_MS, cwd: '/' })
    },
  })
}
