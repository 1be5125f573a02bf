/** Damages to the guards of SQL databases: comparisons, the order of statements, what a rollback undoes, and the trigger. */
import type { Check, Mutant } from './mutant.ts'

const shared = 'packages/holdfast/src/guards/sql'
const postgres = 'packages/holdfast/src/guards/postgres'
const mysql = 'packages/holdfast/src/guards/mysql'
const tests = (file: string, named?: string): Check => ({
  tests: [`${postgres}/${file}.test.ts`],
  engine: 'postgres',
  ...(named !== undefined && { named }),
})
const contract = (named: string): Check => tests('fence', `on PostgreSQL, over pg > ${named}`)

const onMariadb = (file: string, named: string): Check => ({
  tests: [`${mysql}/${file}.test.ts`],
  engine: 'mariadb',
  named: `on MariaDB > ${named}`,
})

const pruning: Check = {
  tests: ['packages/holdfast/src/guards/sqlite/ledger.test.ts'],
  named: 'removes what was to be kept',
}

export const sqlGuardMutants: readonly Mutant[] = [
  {
    name: 'sql guard: the own token is refused the second time',
    file: `${postgres}/marks.ts`,
    find: "'WHERE mark.token <= excluded.token AND",
    replace: "'WHERE mark.token < excluded.token AND",
    caughtBy: contract('an equal token is accepted'),
  },
  {
    name: 'sql guard: any token passes',
    file: `${postgres}/marks.ts`,
    find: "'WHERE mark.token <= excluded.token AND",
    replace: "'WHERE mark.token <> 0 AND",
    caughtBy: contract('a stale token is refused'),
  },
  {
    name: 'sql guard: the fence column refuses the own token',
    file: `${postgres}/marks.ts`,
    find: 'where: `${quoted} <= ${token}`',
    replace: 'where: `${quoted} < ${token}`',
    caughtBy: tests('marks', 'newer and equal tokens pass'),
  },
  {
    name: 'sql guard: the fence column lets a stale token pass',
    file: `${postgres}/marks.ts`,
    find: 'where: `${quoted} <= ${token}`',
    replace: 'where: `${quoted} >= 0`',
    caughtBy: tests('marks', 'newer and equal tokens pass'),
  },
  {
    name: 'sql guard: the mark is raised after the work',
    file: `${shared}/fence.ts`,
    find: '        await this.#marks.pass(send, admission)\n',
    replace: '        done.result = await work(tx, send)\n        await this.#marks.pass(send, admission)\n',
    caughtBy: contract('the work of a stale holder does not begin'),
  },
  {
    name: 'sql guard: a mark that a savepoint can undo counts',
    file: `${postgres}/marks.ts`,
    find: "    if (outermost === 'false') throw nested()\n    // Written",
    replace: '    if (outermost === "false") return\n    // Written',
    caughtBy: contract('a nested transaction that is rolled back alone takes no mark with it'),
  },
  {
    name: 'sql guard: a statement alone counts as a transaction',
    file: `${postgres}/marks.ts`,
    find: "    if (!isOwn) throw notOpen('within')\n",
    replace: '    if (!isOwn) return\n',
    caughtBy: tests('transactions', 'refuses to guard without a transaction'),
  },
  {
    name: 'sql guard: nothing looks whether the work ended the transaction',
    file: `${shared}/fence.ts`,
    find: '        if (this.#open === undefined) throw endedInside()\n',
    replace: '',
    caughtBy: tests('transactions', 'says so when the work'),
  },
  {
    name: 'sql guard: a commit that is none is believed',
    file: `${shared}/fence.ts`,
    find: 'if (!this.#own.seesCommit && !(await',
    replace: 'if (this.#own.seesCommit && !(await',
    caughtBy: tests('transactions', 'answered with a rollback is none'),
  },
  {
    name: 'sql guard: a lost answer to a commit is a no',
    file: `${shared}/fence.ts`,
    find: 'if (this.#open === undefined || this.#marks.wasRefused(error)) throw error',
    replace: 'if (this.#open !== null || this.#marks.wasRefused(error)) throw error',
    caughtBy: tests('transactions', 'whose answer was lost'),
  },
  {
    name: 'sql guard: work that failed for a table of its own is done twice',
    file: `${shared}/fence.ts`,
    find: 'if (first.hasPassed || !marks.isMissingTable(error)) throw error',
    replace: 'if (!marks.isMissingTable(error)) throw error',
    caughtBy: tests('transactions', 'does the work once'),
  },
  {
    name: 'sql guard: the limit of waiting stays as the guard has set it',
    file: `${postgres}/marks.ts`,
    find: "set_config('lock_timeout', before.theirs, true)",
    replace: "set_config('lock_timeout', before.ours, true)",
    caughtBy: tests('transactions', 'keeps the limit of waiting'),
  },
  {
    name: 'sql guard: the trigger forgets DELETE',
    file: `${postgres}/trigger.ts`,
    find: "'BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE'",
    replace: "'BEFORE INSERT OR UPDATE OR TRUNCATE'",
    caughtBy: tests('trigger', 'a forgotten DELETE'),
  },
  {
    name: 'sql guard: the trigger of a row forgets DELETE',
    file: `${postgres}/trigger.ts`,
    find: "'AFTER INSERT OR UPDATE OR DELETE'",
    replace: "'AFTER INSERT OR UPDATE'",
    caughtBy: tests('trigger', 'a forgotten DELETE'),
  },
  {
    name: 'sql guard: a row may leave a lock that its writer does not hold',
    file: `${postgres}/trigger.ts`,
    find: 'ELSE ARRAY[OLD.${column}::text, NEW.${column}::text] END',
    replace: 'ELSE ARRAY[NEW.${column}::text] END',
    caughtBy: tests('trigger', 'when a row goes from one to the other'),
  },
  {
    name: 'transaction lock: the row is read and not locked',
    file: `${postgres}/transaction-lock.ts`,
    find: ' FOR UPDATE OF row) SELECT',
    replace: ') SELECT',
    caughtBy: tests('transaction-lock', 'lose no update'),
  },
  {
    name: 'transaction lock: a snapshot from before the wait is good enough',
    file: `${postgres}/transaction-lock.ts`,
    find: "if (isolation !== 'read committed') throw",
    replace: "if (isolation === '') throw",
    caughtBy: tests('transaction-lock', 'refuses'),
  },
  {
    name: 'transaction lock: a statement alone counts as a transaction',
    file: `${postgres}/transaction-lock.ts`,
    find: "if (id === undefined || row['id'] !== id) throw",
    replace: 'if (id === undefined) throw',
    caughtBy: tests('transaction-lock', 'refuses to lock without a transaction'),
  },
  {
    name: 'mysql guard: a stale token lowers the mark and passes',
    file: `${mysql}/marks.ts`,
    find: 'ON DUPLICATE KEY UPDATE token = GREATEST(token, ${token})',
    replace: 'ON DUPLICATE KEY UPDATE token = ${token}',
    caughtBy: onMariadb('fence', 'the guard contract over mysql2 > a stale token is refused'),
  },
  {
    name: 'mysql guard: nothing compares the mark that was read back',
    file: `${mysql}/marks.ts`,
    find: 'if (mark !== token) throw admission.stale(mark)',
    replace: 'if (mark < token) throw admission.stale(mark)',
    caughtBy: onMariadb('fence', 'the guard contract over mysql2 > a stale token is refused'),
  },
  {
    name: 'mysql guard: a transaction of the caller is taken',
    file: `${mysql}/marks.ts`,
    find: 'const send = opened.get(tx)',
    replace:
      'const send = opened.get(tx) ?? (async (text: string) => (await Reflect.apply(Reflect.get(tx, "query"), tx, [text]), {}))',
    caughtBy: onMariadb('transactions', 'within is for the transaction of run'),
  },
  {
    name: 'mysql guard: a transaction that is over is taken for one of run',
    file: `${mysql}/marks.ts`,
    find: '    if (isKey(tx)) opened.delete(tx)\n',
    replace: '',
    caughtBy: onMariadb('transactions', 'within is for the transaction of run'),
  },
  {
    name: 'mysql guard: a mark is made within',
    file: `${mysql}/marks.ts`,
    find: 'if (mark < admission.token) throw notEntered(admission.token)',
    replace: 'if (mark < 0n) throw notEntered(admission.token)',
    caughtBy: onMariadb('transactions', 'within is for the transaction of run'),
  },
  {
    name: 'mysql guard: a lost answer to a commit is a no',
    file: `${mysql}/marks.ts`,
    find: 'return REFUSED.has(codeIn(error))',
    replace: "return codeIn(error) !== ''",
    caughtBy: onMariadb('transactions', 'a COMMIT whose answer was lost'),
  },
  {
    name: 'mysql guard: there is no trigger for DELETE',
    file: `${mysql}/trigger.ts`,
    find: ", DELETE: ['OLD'] }",
    replace: ' }',
    caughtBy: onMariadb('trigger', 'refuse a forgotten DELETE'),
  },
  {
    name: 'mysql guard: what has passed stays on the connection',
    file: `${mysql}/marks.ts`,
    find: "    await this.#tell(send, 'NULL')\n",
    replace: '',
    caughtBy: onMariadb('trigger', 'let everything pass that run has let pass'),
  },
  {
    name: 'mysql guard: a row may leave a lock that its writer does not hold',
    file: `${mysql}/trigger.ts`,
    find: "UPDATE: ['OLD', 'NEW']",
    replace: "UPDATE: ['NEW']",
    caughtBy: onMariadb('trigger', 'want the lock of each row'),
  },
  {
    name: 'mysql transaction lock: a statement alone counts as a transaction',
    file: `${mysql}/transaction-lock.ts`,
    find: "throw notOpen('lockInTransaction')",
    replace: 'return',
    caughtBy: onMariadb('transaction-lock', 'refuses to lock without a transaction'),
  },
  {
    name: 'mysql transaction lock: a row that is there is not locked',
    file: `${mysql}/transaction-lock.ts`,
    find: '${boundedWait(waitMs)} INSERT INTO ${target} (resource) VALUES (${key}) ON DUPLICATE KEY UPDATE resource = ${key}',
    replace: '${boundedWait(waitMs)} SELECT resource FROM ${target} WHERE resource = ${key}',
    caughtBy: onMariadb('transaction-lock', 'lets one transaction after the other'),
  },
  {
    name: 'ledger: an entry goes with a mark that was raised since',
    file: 'packages/holdfast/src/guards/sql/entry-terms.ts',
    find: 'return `(mark.token = entry.token OR',
    replace: 'return `(mark.token >= entry.token OR',
    caughtBy: pruning,
  },
  {
    name: 'ledger: a mark goes as soon as its entry may',
    file: 'packages/holdfast/src/guards/sql/entry-terms.ts',
    find: 'wallMs - MARK_OUTLIVES_MS',
    replace: 'wallMs',
    caughtBy: pruning,
  },
  {
    name: 'ledger: an entry that is to stay keeps the end that it had before',
    file: 'packages/holdfast/src/guards/sqlite/ledger.ts',
    find: 'if (keepMs === undefined) entries.remove(termKey(resource))',
    replace: 'if (keepMs === undefined) return',
    caughtBy: pruning,
  },
]
