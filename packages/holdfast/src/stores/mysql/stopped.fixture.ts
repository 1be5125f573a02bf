/** A process that stops in the middle of a step under a lock: `node stopped.fixture.ts URL RESOURCE`. */
import { writeSync } from 'node:fs'
import { driverOf } from '../mysql-driver/load.ts'
import { MysqlLines } from './line-table.ts'
import { mysqlTableOf } from './schema.ts'

const [, , url = '', resource = ''] = process.argv
const driver = await driverOf(url, () => undefined)
const connection = await driver.locks.connect()
await new MysqlLines(mysqlTableOf({})).locked(connection, resource, [], () => {
  writeSync(1, 'locked\n')
  process.kill(process.pid, 'SIGSTOP')
  return undefined
})
