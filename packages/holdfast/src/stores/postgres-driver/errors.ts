/** The codes of PostgreSQL (postgresql.org/docs/current/errcodes-appendix.html), and what each means for a lock. */
import { codeOf, engineError, type EngineErrorKind, type EngineMeaning } from '../../store/engine-errors.ts'

const MEANINGS: Readonly<Record<string, readonly [kind: EngineErrorKind, words: string]>> = {
  '40001': ['passing', 'could not serialize the change beside another one'],
  '40P01': ['passing', 'ended a deadlock'],
  '55P03': ['passing', 'could not lock the line in time'],
  '57014': ['passing', 'cancelled the statement: a statement_timeout, or a person'],
  '25P03': ['passing', 'ended a transaction that stood idle'],
  '26000': [
    'passing',
    'does not know a prepared statement any more: a program discarded it, or a pooler came in between',
  ],
  '42P05': ['passing', 'knows another prepared statement by that name: a pooler came in between'],
  '53300': ['passing', 'has as many connections as it lets in (max_connections)'],
  '57P01': ['unknown', 'ended the connection: it is being stopped, or a person did it'],
  '57P02': ['unknown', 'ended the connection after a crash'],
  '57P03': ['away', 'is starting, stopping or recovering'],
  '25006': [
    'away',
    'takes no writes here: this is a standby, or default_transaction_read_only is on. Connect to the primary',
  ],
  '53100': ['away', 'has no room left on its disk'],
  '53200': ['away', 'has no memory left'],
  '42501': [
    'final',
    'does not allow this user to do it: USAGE on the schema and SELECT, INSERT and UPDATE on the table are needed (docs/postgres.md)',
  ],
  '42P01': ['final', 'does not have the table: make it with the statements of postgresSchema() (docs/postgres.md)'],
  '3F000': ['final', 'does not have the schema: make it with the statements of postgresSchema() (docs/postgres.md)'],
  '42703': ['final', 'has a table of another form in the place of ours: choose another schema or table'],
  '3D000': ['final', 'does not have the database that the URL names'],
  '28P01': ['final', 'refused the password'],
  '28000': ['final', 'does not let this user in'],
}

/** Whole classes, by their first two signs. */
const CLASSES: Readonly<Record<string, readonly [kind: EngineErrorKind, words: string]>> = {
  '08': ['unknown', 'lost the connection'],
  '53': ['away', 'lacks resources'],
  '58': ['away', 'met an error of its system'],
}

/** What the driver `postgres` says before anything was sent. */
const OF_THE_DRIVER: Readonly<Record<string, readonly [kind: EngineErrorKind, words: string]>> = {
  CONNECT_TIMEOUT: ['away', 'answered no connection in time'],
  CONNECTION_ENDED: ['final', 'is not asked any more: the instance of postgres() that the store was given was ended'],
}

/** None of them begins as the codes of the system do: `EPIPE` has five signs, too. */
const SQL_STATE = /^(?!E)[0-9A-Z]{5}$/

function meaningOf(error: unknown): EngineMeaning | undefined {
  const code = codeOf(error)
  if (code === undefined) return undefined
  const ofDriver = OF_THE_DRIVER[code]
  if (ofDriver !== undefined) return { kind: ofDriver[0], words: ofDriver[1], code }
  if (!SQL_STATE.test(code)) return undefined
  const [kind, words] = MEANINGS[code] ?? CLASSES[code.slice(0, 2)] ?? (['away', 'refused the statement'] as const)
  return { kind, words, code: `SQLSTATE ${code}` }
}

export function postgresError(error: unknown, what: string, isUnsent = false): unknown {
  return engineError(error, { what, engine: 'PostgreSQL', isUnsent, meaningOf })
}

/** The statement lost against another one and did nothing. */
export const LOST: ReadonlySet<string> = new Set(['40001', '40P01'])
