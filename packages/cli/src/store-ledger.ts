/** Where runs are written down: in the Redis of the locks, or in a file beside their file. Other stores remember ticks themselves. */
import { closeSync, constants, fchmodSync, openSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Ledger } from 'holdfast/cron'
import type { Opened } from './context.ts'
import { exitCodes, Failure } from './exit-codes.ts'

export interface OpenLedger {
  readonly ledger: Ledger
  close(): void
}

const BUSY_MS = 5_000
const MODE = 0o777
/** A file of locks is made at the first lock. */
const OWN_MODE = 0o600

/** To be asked when the store is open, because the folder of a default file is made then. */
export async function ledgerBeside({ store }: Opened): Promise<OpenLedger | undefined> {
  const url = await store.store.resolved()
  if (url.startsWith('sqlite:')) return await inFile(url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, ''))
  return /^rediss?:/.test(url) ? await inRedis(url) : undefined
}

export async function requireLedger(opened: Opened): Promise<OpenLedger> {
  const found = await ledgerBeside(opened)
  if (found !== undefined) return found
  const words =
    'there is a history in a store of redis: or sqlite: only; a program keeps one in any ledger (docs/cron.md)'
  throw new Failure(exitCodes.usage, words)
}

async function inFile(path: string): Promise<OpenLedger> {
  const { ledger } = await import('holdfast/guards/sqlite')
  const file = `${path}-runs`
  makeFile(file, (statSync(path, { throwIfNoEntry: false })?.mode ?? OWN_MODE) & MODE)
  const db = new DatabaseSync(file, { timeout: BUSY_MS })
  return { ledger: ledger(db), close: () => db.close() }
}

/** Who may use the locks may write here; a link leads into what is not ours. */
function makeFile(file: string, mode: number): void {
  try {
    const opened = openSync(file, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, mode)
    fchmodSync(opened, mode)
    closeSync(opened)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    closeSync(openSync(file, constants.O_RDWR | constants.O_NOFOLLOW))
  }
}

async function inRedis(url: string): Promise<OpenLedger> {
  const [{ ledger }, { Redis }] = await Promise.all([import('holdfast/guards/redis'), import('ioredis')])
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1 })
  // Each command rejects with the same.
  client.on('error', () => undefined)
  return { ledger: ledger(client), close: () => client.disconnect() }
}
