/** The numbers of MySQL and MariaDB (dev.mysql.com/doc/mysql-errors), and what each means for a lock. */
import { engineError, type EngineErrorKind, type EngineMeaning } from '../../store/engine-errors.ts'

const MEANINGS: Readonly<Record<number, readonly [kind: EngineErrorKind, words: string]>> = {
  1213: ['passing', 'ended a deadlock, or another node of the cluster was faster'],
  1020: ['passing', 'met a change of the row since it was read'],
  1205: ['passing', 'could not lock the line in time (innodb_lock_wait_timeout)'],
  1317: ['passing', 'cancelled the statement: a person did it'],
  1969: ['passing', 'cancelled the statement for its time (max_statement_time)'],
  3024: ['passing', 'cancelled the statement for its time (max_execution_time)'],
  1040: ['passing', 'has as many connections as it lets in (max_connections)'],
  1203: ['passing', 'lets this user have no more connections (max_user_connections)'],
  1226: ['passing', 'lets this user have no more of a resource'],
  1053: ['unknown', 'is being stopped'],
  1927: ['unknown', 'ended the connection: a person did it (KILL)'],
  4031: ['unknown', 'ended a connection that stood idle (wait_timeout)'],
  1180: ['unknown', 'failed in the commit'],
  1047: ['away', 'is not ready: this node of the cluster has no quorum, or is not in step'],
  1290: ['away', 'takes no writes here: read_only is on, as on a replica. Connect to the primary'],
  1792: ['away', 'takes no writes here: transactions of this session are read-only'],
  1836: ['away', 'takes no writes here: it runs in read-only mode'],
  1021: ['away', 'has no room left on its disk'],
  1114: ['away', 'has no room left for the table'],
  1037: ['away', 'has no memory left'],
  1041: ['away', 'has no memory left'],
  1044: ['final', 'does not let this user into the database'],
  1045: ['final', 'refused the user or the password'],
  1698: ['final', 'refused the user or the password'],
  1130: ['final', 'does not let this machine in'],
  1142: [
    'final',
    'does not allow this user to do it: SELECT, INSERT and UPDATE on the table are needed, and DELETE on that of the waiters (docs/mysql.md)',
  ],
  1143: ['final', 'does not allow this user to use a column: SELECT, INSERT and UPDATE on the table are needed'],
  1046: ['final', 'was not told the database: name it in the URL, in the pool or as the option database'],
  1049: ['final', 'does not have the database'],
  1146: ['final', 'does not have the table: make it with the statements of mysqlSchema() (docs/mysql.md)'],
  1054: ['final', 'has a table of another form in the place of ours: choose another table'],
  1153: ['final', 'refused a line as too long: set max_allowed_packet to 1 MiB or more'],
  45046: ['final', 'would refuse a line as too long: set max_allowed_packet to 1 MiB or more, there and in the driver'],
  1665: ['final', 'cannot log the change: set binlog_format to ROW or MIXED'],
}

/** Of the driver itself are those above; the system's are below zero. */
const SERVER_NUMBER_MAX = 44_999

function numberOf(error: unknown): number | undefined {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? error.errno : undefined
}

function meaningOf(error: unknown): EngineMeaning | undefined {
  const number = numberOf(error)
  if (number === undefined || number <= 0) return undefined
  const known = MEANINGS[number]
  if (known === undefined && number > SERVER_NUMBER_MAX) return undefined
  const [kind, words] = known ?? (['away', 'refused the statement'] as const)
  return { kind, words, code: `error ${number}` }
}

/** A pool wraps the error with which connecting failed. */
function innermost(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? innermost(error.cause) : error
}

export function mysqlError(error: unknown, what: string, isUnsent = false): unknown {
  return engineError(isUnsent ? innermost(error) : error, { what, engine: 'MySQL', isUnsent, meaningOf })
}

/** The statement lost against another one and did nothing. */
export function isLost(error: unknown): boolean {
  const number = numberOf(error)
  return number === 1213 || number === 1020
}

/** Another program made the table in the same moment. */
export function isThere(error: unknown): boolean {
  return numberOf(error) === 1050
}
