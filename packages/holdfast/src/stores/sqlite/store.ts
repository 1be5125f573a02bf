/** The store: the lines of one SQLite file as records. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { Store } from '../../store/store.ts'
import { recordStore } from '../records/store.ts'
import { loadDriver } from './client.ts'
import { LockFile, type LockFileOptions } from './lock-file.ts'
import type { ProcessIdentity } from './process-identity.ts'

export interface SqliteStoreSettings extends Pick<
  LockFileOptions,
  'path' | 'makeFolder' | 'durability' | 'trustedUsers'
> {
  /** Asked each time the store opens. */
  readonly machine: () => ProcessIdentity
}

export function sqliteStore(settings: SqliteStoreSettings): Store {
  return recordStore(async ({ clock, signal }, onNotice) => {
    const openDatabase = await loadDriver()
    if (signal.aborted) throw new StoreUnavailable('opening the lock file was aborted', { cause: signal.reason })
    return new LockFile({ ...settings, machine: settings.machine(), clock, openDatabase, onNotice })
  })
}
