/** The store: each line of claims is one row of one table. */
import type { ServerSwapEngine } from '../records/swap-engine.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import type { Store, StoreEnvironment } from '../../store/store.ts'
import type { MysqlDriver, OnMade } from '../mysql-driver/driver.ts'
import { mysqlError } from '../mysql-driver/errors.ts'
import { databaseOf } from '../mysql-driver/found-table.ts'
import { baseStatements, withBase } from '../mysql-driver/token-base.ts'
import { settingsOf } from '../mysql-driver/settings.ts'
import { Connections } from '../sql/connections.ts'
import { LinePace } from '../records/line-pace.ts'
import { operationsOver } from '../sql/operations.ts'
import { preparedTable } from '../sql/prepared-table.ts'
import { rebased } from '../sql/rebase.ts'
import { sqlStore } from '../sql/store.ts'
import { factsOf } from './facts.ts'
import { MysqlLines } from './line-table.ts'
import { formOf, type MysqlTable, mysqlTableOf } from './schema.ts'

export function mysqlStore(connect: (onMade: OnMade) => Promise<MysqlDriver>, table: MysqlTable): Store {
  return {
    open(environment) {
      const renewed = { onMade: (): void => undefined }
      const store = sqlStore(
        () => connect(() => renewed.onMade()),
        (driver, around) => engineOver(driver, table, around, renewed),
      )
      return store.open(environment)
    },
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
  let facts = factsOf(await settingsOf(keeps))
  const database = wanted.database ?? (await keeps.use('opening', databaseOf))
  const table = mysqlTableOf({ database, table: wanted.name })
  await preparedTable(keeps, formOf(table))
  await keeps.use('opening', (connection) => withBase(connection, table.quoted))
  // Made anew, it may lead to a server that was promoted or configured since.
  renewed.onMade = () =>
    void settingsOf(keeps).then(
      (found) => factsChanged?.((facts = factsOf(found))),
      (error: unknown) => error instanceof StoreUnavailable && troubled?.(error),
    )
  const pace = new LinePace(clock)
  return {
    recheckInMs: (line, id) => pace.recheckInMs(line, id),
    ...operationsOver({ asks, keeps, locks }, new MysqlLines(table)),
    get facts(): Facts {
      return facts
    },
    channel: crypto.randomUUID(),
    rebase: (to) => keeps.use('rebase', (connection) => rebased(connection, baseStatements(table.quoted), to)),
    close: () => driver.close(),
  }
}
