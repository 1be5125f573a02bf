/**
 * The protected lists in a database of their own, with the shipped guard or without it. One transaction changes the list and
 * writes down what was admitted, under one lock, so the log is in the order of the commits.
 */
import { type Fenced, NotApplied } from 'holdfast'
import type { HistoryEvent } from '@holdfast/testbed/history'
import { commitEvent, finalEvents, type LogEntry } from './resource-log.ts'
import type { ProtectedResource } from './protected-resource.ts'

export type ResourceRow = Readonly<Record<string, unknown>>

/** Far above any stop of a worker: one that is stopped in its transaction lets the others in when it goes on. */
export const WAIT = '10m'

/** What the databases differ in. Values stand for question marks. */
export interface ResourceDatabase<Tx> {
  /** Of a transaction, or outside of any. */
  rows(tx: Tx | undefined, text: string, values: readonly unknown[]): Promise<readonly ResourceRow[]>
  /** With the guard, or without it. */
  transaction<T>(holder: Fenced, work: (tx: Tx) => Promise<T>): Promise<T>
  /** It waited too long, or in a circle: surely nothing was done. */
  isNotDone(error: unknown): boolean
  close(): Promise<void>
}

type Change = Pick<LogEntry, 'kind' | 'base' | 'element'>

/** Each statement by itself; `number` is the type of a column that counts up. */
export function resourceTables(number: string): readonly string[] {
  return [
    `CREATE TABLE IF NOT EXISTS lab_log (number ${number} PRIMARY KEY, entry text NOT NULL)`,
    'CREATE TABLE IF NOT EXISTS lab_list (name varchar(100), version int, element text NOT NULL, PRIMARY KEY (name, version))',
    'CREATE TABLE IF NOT EXISTS lab_turn (name varchar(100) PRIMARY KEY)',
    `INSERT INTO lab_turn SELECT 'all' FROM (SELECT 1 AS one) AS one WHERE NOT EXISTS (SELECT 1 FROM lab_turn)`,
  ]
}

export function sqlResource<Tx>(process: string, database: ResourceDatabase<Tx>): ProtectedResource {
  return new SqlResource(process, database)
}

class SqlResource<Tx> implements ProtectedResource {
  readonly #process: string
  readonly #database: ResourceDatabase<Tx>

  constructor(process: string, database: ResourceDatabase<Tx>) {
    this.#process = process
    this.#database = database
  }

  async enter(holder: Fenced): Promise<void> {
    await this.#admitted(holder, { kind: 'enter' })
  }

  versionOf(list: string): Promise<number> {
    return this.#versionIn(undefined, list)
  }

  checkedRead(holder: Fenced): Promise<number> {
    return this.#admitted(holder, { kind: 'read' })
  }

  async write(holder: Fenced, base: number, element: string): Promise<void> {
    await this.#admitted(holder, { kind: 'write', base, element })
  }

  async close(): Promise<void> {
    await this.#database.close()
  }

  /** Answers the version before. */
  async #admitted(holder: Fenced, change: Change): Promise<number> {
    try {
      return await this.#database.transaction(holder, (tx) => this.#change(tx, holder, change))
    } catch (error) {
      if (this.#database.isNotDone(error)) throw new NotApplied('the database was busy')
      throw error
    }
  }

  async #change(tx: Tx, { name, token, mode }: Fenced, change: Change): Promise<number> {
    const { kind, base = 0, element = '' } = change
    const database = this.#database
    await database.rows(tx, 'SELECT name FROM lab_turn FOR UPDATE', [])
    const version = await this.#versionIn(tx, name)
    if (kind === 'write') {
      await database.rows(tx, 'DELETE FROM lab_list WHERE name = ? AND version > ?', [name, base])
      await database.rows(tx, 'INSERT INTO lab_list VALUES (?, ?, ?)', [name, base + 1, element])
    }
    const t = globalThis.process.hrtime.bigint().toString()
    const raises = mode === 'exclusive'
    const entry: LogEntry = { t, p: this.#process, list: name, token: String(token), raises, ...change }
    await database.rows(tx, 'INSERT INTO lab_log (entry) VALUES (?)', [JSON.stringify(entry)])
    return version
  }

  async #versionIn(tx: Tx | undefined, list: string): Promise<number> {
    const text = 'SELECT count(*) AS count FROM lab_list WHERE name = ?'
    const [row] = await this.#database.rows(tx, text, [list])
    return Number(row?.['count'])
  }
}

/** What the resource wrote down, and its final values, as events of a history. */
export async function sqlResourceEvents(
  rows: (text: string) => Promise<readonly ResourceRow[]>,
): Promise<HistoryEvent[]> {
  const log = await rows('SELECT entry FROM lab_log ORDER BY number')
  const elements = await rows('SELECT name, element FROM lab_list ORDER BY name, version')
  const lists = Map.groupBy(elements, ({ name }) => String(name))
  const commits = log.map(({ entry }, index) => commitEvent(JSON.parse(String(entry)) as LogEntry, index))
  const finals = [...lists].map(([name, each]) => ({ name, elements: each.map(({ element }) => element).join(',') }))
  return [...commits, ...finalEvents(finals, commits.length)]
}
