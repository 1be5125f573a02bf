/** Damages to the PostgreSQL store and to what the record stores do for a server: clocks, lanes, and asks that come late. */
import type { Check, Mutant } from './mutant.ts'

const folder = 'packages/holdfast/src/stores/postgres'
const records = 'packages/holdfast/src/stores/records'
const driver = 'packages/holdfast/src/stores/postgres-driver'
const tests = (name: string, named?: string): Check => ({
  tests: [`${folder}/${name}.test.ts`],
  engine: 'postgres',
  ...(named !== undefined && { named }),
})

export const postgresMutants: readonly Mutant[] = [
  {
    name: 'postgres: a clock of the server that is far ahead takes the tokens along',
    file: `${driver}/line-statements.ts`,
    find: 'least(${STATEMENT_US}, $6::bigint)',
    replace: 'least(${STATEMENT_US}, $6::bigint * 2)',
    caughtBy: tests('tokens', 'a server clock that is far ahead'),
  },
  {
    name: 'postgres: a lease that is over is given back as if it lived',
    file: `${driver}/line-statements.ts`,
    find: 'AND ${CLOCK_US} < $5::bigint RETURNING',
    replace: 'AND $5::bigint > 0 RETURNING',
    caughtBy: tests('store'),
  },
  {
    name: 'postgres: what a row says is a part of the statement',
    file: 'packages/holdfast/src/stores/postgres-driver/notify.ts',
    find: '({ channel, text }) => `(${quotedText(channel)},',
    replace: "({ channel, text }) => `('${channel}',",
    caughtBy: tests('store'),
  },
  {
    name: 'postgres: a lost change is not repeated under a lock',
    file: `${records}/swap.ts`,
    find: 'if (this.#engine.locked !== undefined) return await',
    replace: 'if (this.#engine.locked !== undefined && swaps === 9) return await',
    caughtBy: tests('trouble', 'many processes that change one line'),
  },
  {
    name: 'postgres: renewals and leaves stand behind those that want to enter',
    file: `${records}/swap.ts`,
    find: "lane: this.#free === undefined ? 'asks' : lane",
    replace: "lane: this.#free === undefined ? lane : 'asks'",
    caughtBy: tests('trouble', 'by the driver pg > a pool without a free connection'),
  },
  {
    name: 'postgres: an ask that its leave has overtaken makes a claim that nobody ends',
    file: `${records}/store.ts`,
    find: '    this.#overtaken.left(ref.id)\n',
    replace: '',
    caughtBy: tests('trouble', 'by the driver pg > an ask that its own leave'),
  },
  {
    name: 'postgres: a line that is made beside a move of the tokens starts below the new base',
    file: `${driver}/line-statements.ts`,
    find: 'WHERE $2::bigint > ${baseIn(table)}',
    replace: 'WHERE $2::bigint > 0',
    caughtBy: tests('rebase'),
  },
  {
    name: 'postgres: a lease that is given back takes the line below the base it was moved to',
    file: `${records}/free-lines.ts`,
    find: 'encodeText({ line: { lastToken, claims',
    replace: 'encodeText({ line: { lastToken: claim.token, claims',
    caughtBy: tests('rebase'),
  },
  {
    name: 'postgres: the tokens are lowered under a holder',
    file: 'packages/holdfast/src/stores/sql/rebase.ts',
    find: 'if (isDown && (await hasClaims(',
    replace: 'if (to < 0n && (await hasClaims(',
    caughtBy: tests('rebase'),
  },
  {
    name: 'postgres: a statement that waited for the user’s pool in vain is sent later',
    file: `${driver}/postgres-js-driver.ts`,
    find: "this.#asked.strings = ['SELECT 1']",
    replace: 'this.#asked.strings = [...this.#asked.strings]',
    caughtBy: tests('trouble', 'a pool without a free connection'),
  },
  {
    name: 'postgres: a connection of ours that was not answered is kept',
    file: `${driver}/own-connection.ts`,
    find: '(isTransaction || isOver(error))',
    replace: 'isTransaction',
    caughtBy: tests('postgres-js', 'a server that stops answering'),
  },
  {
    name: 'postgres: a text in a statement is taken for the place of a value',
    file: `${driver}/literals.ts`,
    find: '|(\\$(?:[A-Za-z_]\\w*)?\\$)[\\s\\S]*?\\1|',
    replace: '|(\\$never\\$)|',
    caughtBy: { tests: [`${driver}/literals.test.ts`] },
  },
  {
    name: 'postgres: a schema that another process made meanwhile keeps the table from being made',
    file: 'packages/holdfast/src/stores/sql/prepared-table.ts',
    find: 'if (!form.isMadeMeanwhile(error)) throw error',
    replace: 'throw error',
    caughtBy: tests('store', 'makes its schema in that moment'),
  },
  {
    name: 'postgres: a schema that may not be used is found when somebody wants a lock',
    file: `${driver}/found-table.ts`,
    find: "if (enters !== 'true') {",
    replace: "if (enters === 'never') {",
    caughtBy: tests('access', 'one right too few'),
  },
  {
    name: 'records: a damaged line hides all others of a list',
    file: `${records}/list-page.ts`,
    find: 'if (error instanceof StoreUnavailable && error.isFinal) return { resource }\n',
    replace: '',
    caughtBy: { tests: [`${records}/swap.test.ts`] },
  },
  {
    name: 'postgres: the password in PGPASSWORD is shown',
    file: 'packages/cli/src/main.ts',
    find: "for (const name of PASSWORDS) printer.secrets.learnBare(environment[name] ?? '')",
    replace: '',
    caughtBy: {
      tests: ['packages/cli/src/postgres.test.ts'],
      named: 'shows its password in no output',
      engine: 'postgres',
    },
  },
  {
    name: 'postgres: the doctor finds nothing wrong with a right too few',
    file: 'packages/cli/src/doctor-database.ts',
    find: 'missing.length > 0,',
    replace: 'missing.length > 9,',
    caughtBy: {
      tests: ['packages/cli/src/postgres.test.ts'],
      named: 'a standby, and a right too few',
      engine: 'postgres',
    },
  },
  {
    name: 'postgres: a connection is waited for by a promise, and between the two its end is heard by nobody',
    file: 'packages/holdfast/src/stores/postgres-driver/pg.ts',
    find: 'else resolve(pooled(client, names))',
    replace: 'else queueMicrotask(() => resolve(pooled(client, names)))',
    caughtBy: tests('connecting'),
  },
  {
    name: 'postgres: the tokens are lowered under a crowd whose holder is over',
    file: `${records}/record-use.ts`,
    find: '(waiters?.lastEndsAtMs ?? 0) > nowMs',
    replace: '(waiters?.lastEndsAtMs ?? 0) < 0',
    caughtBy: tests('rebase', 'while a crowd waits'),
  },
  {
    name: 'postgres: the next in line behind a pooler looks as rarely as the others',
    file: `${folder}/store.ts`,
    find: '...(pace !== undefined && {',
    replace: '...(pace === undefined && {',
    caughtBy: tests('store', 'behind a pooler'),
  },
  {
    name: 'postgres: a connection with a process of its own counts as one behind a pooler',
    file: 'packages/holdfast/src/stores/postgres-driver/listener.ts',
    find: '?.hasItsProcess()) === false)',
    replace: '?.hasItsProcess()) === true)',
    caughtBy: { tests: ['packages/holdfast/src/stores/postgres-driver/listener.test.ts'], engine: 'postgres' },
  },
  {
    name: 'postgres: statements are prepared behind a pooler as well',
    file: `${folder}/store.ts`,
    find: 'if (hears) driver.prepare?.()',
    replace: 'driver.prepare?.()',
    caughtBy: { ...tests('prepared'), named: 'nothing is prepared through a pooler' },
  },
  {
    name: 'postgres: the names of statements are used after the server forgot them',
    file: 'packages/holdfast/src/stores/postgres-driver/pg.ts',
    find: 'names.areUsed = false\n        throw',
    replace: 'names.areUsed = true\n        throw',
    caughtBy: { ...tests('prepared'), named: 'discards what its connections have prepared' },
  },
]
