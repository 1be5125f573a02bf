/** The store: each line of claims is one row of one table. */
import type { OnNotice } from '../records/engine.ts'
import type { ServerSwapEngine } from '../records/swap-engine.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import type { Store, StoreEnvironment } from '../../store/store.ts'
import { factsOf, probed } from './facts.ts'
import type { PostgresDriver } from '../postgres-driver/driver.ts'
import { postgresError } from '../postgres-driver/errors.ts'
import { PgListener } from '../postgres-driver/listener.ts'
import { baseStatements } from '../postgres-driver/token-base.ts'
import { noticeIn } from '../records/notice-text.ts'
import { Connections } from '../sql/connections.ts'
import { LinePace } from '../records/line-pace.ts'
import { operationsOver } from '../sql/operations.ts'
import { preparedTable } from '../sql/prepared-table.ts'
import { rebased } from '../sql/rebase.ts'
import { sqlStore } from '../sql/store.ts'
import type { Table } from '../sql/table.ts'
import { LineTable } from './line-table.ts'
import { formOf } from './schema.ts'

export function postgresStore(connect: () => Promise<PostgresDriver>, table: Table): Store {
  return sqlStore(connect, (driver, environment, onNotice) => engineOver(driver, table, environment, onNotice))
}

async function engineOver(
  driver: PostgresDriver,
  table: Table,
  environment: StoreEnvironment,
  onNotice: OnNotice,
): Promise<ServerSwapEngine> {
  const { timers } = environment
  const asks = new Connections(driver.asks, timers, postgresError)
  const keeps = new Connections(driver.keeps, timers, postgresError)
  const findings = await preparedTable(keeps, formOf(table))
  // Through the connection for renewals and leaves, which is there from now on.
  const server = await probed(keeps)
  const channel = `holdfast-${crypto.randomUUID()}`
  const listener = new PgListener(driver.listener, channel, timers, {
    onPayload(payload) {
      const notice = noticeIn(payload)
      if (notice !== undefined) onNotice(notice)
    },
    onUp() {
      onNotice()
      probed(keeps).then(
        (now) => environment.factsChanged?.((facts = factsOf(now, findings, true))),
        (error: unknown) => error instanceof StoreUnavailable && environment.troubled?.(error),
      )
    },
    onTrouble: (error) => environment.troubled?.(error),
  })
  await listener.open()
  const hears = await listener.hears(() =>
    asks.use('opening', (connection) => connection.query(`SELECT pg_notify('${channel}', '')`)),
  )
  let facts = factsOf(server, findings, hears)
  // Who is heard has a process of the server of its own: no pooler stands in between.
  if (hears) driver.prepare?.()
  const pace = hears ? undefined : new LinePace(environment.clock)
  return {
    ...(pace !== undefined && { recheckInMs: (line, id) => pace.recheckInMs(line, id) }),
    ...operationsOver({ asks, keeps }, new LineTable(table)),
    get facts(): Facts {
      return facts
    },
    channel,
    rebase: (to) => keeps.use('rebase', (connection) => rebased(connection, baseStatements(table.quoted), to)),
    async close() {
      listener.close()
      await driver.close()
    },
  }
}
