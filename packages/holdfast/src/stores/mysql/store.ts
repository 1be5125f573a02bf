/** The store: each line of claims is one row of one table. */
import type { ServerSwapEngine } from '../records/swap-engine.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import type { Store, StoreEnvironment } from '../../store/store.ts'
import type { MysqlDriver, OnMade } from '../mysql-driver/driver.ts'
import { mysqlError } from '../mysql-driver/errors.ts'
import { Connections } from '../sql/connections.ts'
import { LinePace } from '../sql/line-pace.ts'
import { operationsOver } from '../sql/operations.ts'
import { preparedTable } from '../sql/prepared-table.ts'
import { sqlStore } from '../sql/store.ts'
import { factsOf, probed } from './facts.ts'
import { LineTable } from './line-table.ts'
import { formOf, locatedTable, type MysqlTable } from './schema.ts'

export function mysqlStore(connect: (onMade: OnMade) => Promise<MysqlDriver>, table: MysqlTable): Store {
  return {
    open(environment) {
      const renewed = { onMade: (): void => undefined }
      const store = sqlStore(
        async () => await connected(connect, () => renewed.onMade()),
        (driver, around) => engineOver(driver, table, around, renewed),
      )
      return store.open(environment)
    },
  }
}

async function connected(connect: (onMade: OnMade) => Promise<MysqlDriver>, onMade: OnMade): Promise<MysqlDriver> {
  try {
    return await connect(onMade)
  } catch (error) {
    throw mysqlError(error, 'opening', true)
  }
}

async function engineOver(
  driver: MysqlDriver,
  wanted: MysqlTable,
  { clock, timers, factsChanged, troubled }: StoreEnvironment,
  renewed: { onMade: OnMade },
): Promise<ServerSwapEngine> {
  const over = (source: MysqlDriver['asks']): Connections => new Connections(source, timers, mysqlError)
  const [asks, keeps, locks] = [over(driver.asks), over(driver.keeps), over(driver.locks)]
  // Through the connection for renewals and leaves, which is there from now on.
  let facts = factsOf(await probed(keeps))
  const table = await keeps.use('opening', (connection) => locatedTable(connection, wanted))
  await preparedTable(keeps, formOf(table))
  // Made anew, it may lead to a server that was promoted or configured since.
  renewed.onMade = () =>
    void probed(keeps).then(
      (found) => factsChanged?.((facts = factsOf(found))),
      (error: unknown) => error instanceof StoreUnavailable && troubled?.(error),
    )
  const pace = new LinePace(clock)
  return {
    recheckInMs: (line, id) => pace.recheckInMs(line, id),
    ...operationsOver({ asks, keeps, locks }, new LineTable(table)),
    get facts(): Facts {
      return facts
    },
    channel: crypto.randomUUID(),
    close: () => driver.close(),
  }
}
