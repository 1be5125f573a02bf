/** A store over a database: its driver is closed again when opening fails. */
import type { OnNotice } from '../records/engine.ts'
import type { ServerSwapEngine } from '../records/swap-engine.ts'
import { serverSwapStore } from '../records/swap.ts'
import type { Store, StoreEnvironment } from '../../store/store.ts'

interface Closable {
  close(): Promise<void>
}

export function sqlStore<Driver extends Closable>(
  connect: () => Promise<Driver>,
  open: (driver: Driver, environment: StoreEnvironment, onNotice: OnNotice) => Promise<ServerSwapEngine>,
): Store {
  return serverSwapStore(async (environment, onNotice) => {
    const driver = await connect()
    try {
      return await open(driver, environment, onNotice)
    } catch (error) {
      await driver.close()
      throw error
    }
  })
}
