/** PgBouncer on demand, in transaction mode, before one PostgreSQL: what a session is told is not there at the next statement. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Program } from '../driver.ts'
import { type Engine, EngineNotAvailable, type Release } from '../engine.ts'
import { locateInstalled } from '../install.ts'
import { reservePort } from '../ports.ts'
import { ping } from '../postgres/server.ts'
import { asUser, openTo } from '../postgres/user.ts'
import { startServer } from '../server.ts'

export const engineName = 'pgbouncer'
export const packages: readonly string[] = ['pgbouncer']

const LOOPBACK = '127.0.0.1'

export async function locate(release: Release = 'stable'): Promise<Program> {
  if (release === 'newer') throw new EngineNotAvailable(engineName, 'only the version of this Debian can be started')
  const version = { args: ['--version'], pattern: /PgBouncer (\d+(?:\.\d+)+)/ }
  return locateInstalled({ engineName, packages, program: 'pgbouncer', version })
}

export interface PgBouncerOptions {
  readonly before: { readonly port: number }
  /** Connections of the server that its clients share. @default 20 */
  readonly poolSize?: number
}

/** Its clients share a few connections of this server. */
export async function start({ before, poolSize = 20 }: PgBouncerOptions): Promise<Engine> {
  const program = await locate()
  const port = await reservePort()
  const url = `postgres://postgres@${LOOPBACK}:${port}/postgres`
  const [pgbouncer] = program.command
  return startServer({
    name: `${engineName} ${program.version}`,
    label: engineName,
    port,
    url,
    fill: async (folder) => {
      await openTo(folder)
      await writeFile(join(folder, 'pgbouncer.ini'), configurationOf(port, before.port, poolSize))
    },
    command: (folder) => asUser([pgbouncer, join(folder, 'pgbouncer.ini')]),
    stopSignal: 'SIGINT',
    answers: async () => {
      await ping(url)
      return true
    },
  })
}

function configurationOf(port: number, before: number, poolSize: number): string {
  return `[databases]
* = host=${LOOPBACK} port=${before} user=postgres
[pgbouncer]
listen_addr = ${LOOPBACK}
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 2000
default_pool_size = ${poolSize}
ignore_startup_parameters = extra_float_digits
`
}
