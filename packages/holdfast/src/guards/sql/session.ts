/** The part of a driver or an ORM that guards use: one statement without parameters, and its rows. */
import { Misuse } from '../../store/errors.ts'

/**
 * A transaction that the caller has open: a client of `pg`, the `sql` of a transaction of `postgres`, a connection of `mysql2`, a
 * transaction of knex, drizzle, Prisma or TypeORM, or a function that runs one statement in it and resolves with the answer.
 */
export type SqlSession =
  | { query(text: string): PromiseLike<unknown> }
  | { unsafe(text: string): PromiseLike<unknown> }
  | { raw(text: string): PromiseLike<unknown> }
  | { execute(text: string): PromiseLike<unknown> }
  | { $queryRawUnsafe(text: string): PromiseLike<unknown> }
  | ((text: string) => PromiseLike<unknown>)

/** Runs one statement; the columns of its first row as texts, none without a row. */
export type SqlSend = (text: string) => Promise<SqlColumns>

export type SqlColumns = Readonly<Record<string, string | undefined>>

/** In this order: a transaction of `postgres` or knex is a function as well, and drizzle has a `query` of another kind. */
const METHODS = ['unsafe', 'raw', '$queryRawUnsafe', 'query', 'execute'] as const

export function senderOver(session: SqlSession): SqlSend {
  const run = runnerOf(session)
  return async (text) => firstColumns(await run(text))
}

function runnerOf(session: unknown): (text: string) => Promise<unknown> {
  if ((typeof session === 'object' && session !== null) || typeof session === 'function') {
    for (const method of METHODS) {
      const run: unknown = Reflect.get(session, method)
      // Some libraries send a statement only when something waits for it, which `await` does.
      if (typeof run === 'function') return async (text) => (await Reflect.apply(run, session, [text])) as unknown
    }
    if (typeof session === 'function')
      return async (text) => (await Reflect.apply(session, undefined, [text])) as unknown
  }
  throw new Misuse(
    'a transaction is an open one of your driver or ORM, or a function (text) => Promise that runs a statement in it',
  )
}

/** Rows alone, an object that has them, or a list of which they are the first: drivers differ. */
function firstColumns(answer: unknown): SqlColumns {
  const rows: unknown = Array.isArray(answer) ? answer : (answer as { readonly rows?: unknown } | undefined)?.rows
  const [first] = Array.isArray(rows) ? (rows as readonly unknown[]) : []
  const row: unknown = Array.isArray(first) ? first[0] : first
  if (typeof row !== 'object' || row === null) return {}
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, textOf(value)]))
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString()
  return value === null || value === undefined ? undefined : String(value)
}

/** The code of an error of the database, also where an ORM has wrapped it. */
export function codeIn(error: unknown): string | undefined {
  for (let depth = 0, each = error; depth < WRAPPED_MAX && each instanceof Error; depth += 1, each = each.cause) {
    if ('code' in each && typeof each.code === 'string') return each.code
  }
  return undefined
}

const WRAPPED_MAX = 5
