/** Damages to the MySQL store: sessions that mean something else, tokens, limits of time, and rows as drivers read them. */
import type { Check, Mutant } from './mutant.ts'

const folder = 'packages/holdfast/src/stores/mysql'
const driver = 'packages/holdfast/src/stores/mysql-driver'
const tests = (name: string, named?: string): Check => ({
  tests: [`${folder}/${name}.test.ts`],
  engine: 'mariadb',
  ...(named !== undefined && { named }),
})

export const mysqlMutants: readonly Mutant[] = [
  {
    name: 'mysql: the clock is that of the time zone of the session',
    file: `${driver}/token-base.ts`,
    find: 'UTC_TIMESTAMP(6))"',
    replace: 'SYSDATE(6))"',
    caughtBy: tests('store', 'time_zone'),
  },
  {
    name: 'mysql: a token does not rise where the clock is behind it',
    file: `${driver}/line-statements.ts`,
    find: '- 1 BETWEEN token AND',
    replace: '- 1 BETWEEN 0 AND',
    caughtBy: tests('tokens', 'tokens rise over a loss of the table'),
  },
  {
    name: 'mysql: a clock of the server that is far ahead takes the tokens along',
    file: `${driver}/line-statements.ts`,
    find: 'AND ${whole(roofUs - 1n)}',
    replace: 'AND ${whole(roofUs * 2n)}',
    caughtBy: tests('tokens', 'a clock that is far ahead'),
  },
  {
    name: 'mysql: a session that does not commit grants',
    file: `${driver}/line-statements.ts`,
    find: "COMMITS = '@@autocommit = 1'",
    replace: "COMMITS = '1 = 1'",
    caughtBy: tests('store', 'does not commit by itself'),
  },
  {
    name: 'mysql: a lease that is over is given back as if it lived',
    file: `${folder}/line-table.ts`,
    find: '`${CLOCK_US} < ${Math.floor(endsAtMs * 1000)}`',
    replace: '`0 < ${Math.floor(endsAtMs * 1000)}`',
    caughtBy: tests('store', 'a lease that is over is gone'),
  },
  {
    name: 'mysql: a lost change counts as done',
    file: `${folder}/line-table.ts`,
    find: "row?.['changed'] === '1' ? version : undefined",
    replace: 'row === undefined ? undefined : version',
    caughtBy: tests('trouble', 'many processes that change one line'),
  },
  {
    name: 'mysql: names are compared by their letters',
    file: `${folder}/schema.ts`,
    find: 'resource VARBINARY(${RESOURCE_BYTES_MAX}) NOT NULL PRIMARY KEY',
    replace: 'resource VARCHAR(200) NOT NULL PRIMARY KEY',
    caughtBy: tests('store', 'an uncontended pair is two statements'),
  },
  {
    name: 'mysql: a table without row locks is taken',
    file: `${driver}/found-table.ts`,
    find: "if (engine !== 'InnoDB')",
    replace: "if (engine === 'none')",
    caughtBy: tests('store', 'of another program in our place'),
  },
  {
    name: 'mysql: numbers are read as the pool reads them',
    file: `${driver}/mysql2.ts`,
    find: 'connection.query({ ...AS_TEXT, sql },',
    replace: 'connection.query({ sql },',
    caughtBy: tests('store', 'an uncontended pair is two statements'),
  },
  {
    name: 'mysql: a process that is stopped keeps a line locked for hours',
    file: `${folder}/line-table.ts`,
    find: 'SET SESSION wait_timeout = ${IDLE_LIMIT_SECONDS}; START',
    replace: 'SET SESSION wait_timeout = 900${IDLE_LIMIT_SECONDS}; START',
    caughtBy: tests('stopped'),
  },
  {
    name: 'mysql: renewals stand behind those that want to enter',
    file: `${driver}/mysql2.ts`,
    find: 'keeps: sourceOf(keeps)',
    replace: 'keeps: sourceOf(pool)',
    caughtBy: tests('trouble', 'over mysql2 > a pool without a free connection'),
  },
  {
    name: 'mysql: a line that is made beside a move of the tokens does not wait for it',
    file: `${driver}/token-base.ts`,
    find: 'WHERE ${condition} LOCK IN SHARE MODE`',
    replace: 'WHERE ${condition}`',
    caughtBy: tests('rebase', 'a line that is being made'),
  },
  {
    name: 'mysql: a line that is made starts below the base',
    file: `${driver}/token-base.ts`,
    find: "export const BASE = 'COALESCE(b.token, 0)'",
    replace: "export const BASE = 'COALESCE(b.token * 0, 0)'",
    caughtBy: tests('rebase', 'raised, the next tokens'),
  },
  {
    name: 'mysql: the doctor finds nothing wrong with a right too few',
    file: 'packages/cli/src/doctor-mysql.ts',
    find: 'new Set([1142, 1143])',
    replace: 'new Set([1])',
    caughtBy: { tests: ['packages/cli/src/mysql.test.ts'], named: 'rights too few', engine: 'mariadb' },
  },
  {
    name: 'mysql: the doctor finds nothing wrong with sessions that do not commit',
    file: 'packages/cli/src/doctor-mysql.ts',
    find: "!isOn(found, 'autocommit'), [",
    replace: 'false, [',
    caughtBy: { tests: ['packages/cli/src/mysql.test.ts'], named: 'what keeps it from being one', engine: 'mariadb' },
  },
]
