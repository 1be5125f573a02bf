/** Damages to waiters that are rows: what is loaded, what is believed of it, and what is left behind. */
import type { Check, Mutant } from './mutant.ts'

const folder = 'packages/holdfast/src/stores/sqlite'
const records = 'packages/holdfast/src/stores/records'
const tests = (name: string): Check => ({ tests: [`${folder}/${name}.test.ts`] })

const sqlRows: Check = { tests: ['packages/holdfast/src/stores/sql/waiter-rows.test.ts'] }

export const rowMutants: readonly Mutant[] = [
  {
    name: 'records: a renewal of a claim that stands alone forgets its new note',
    file: `${records}/free-lines.ts`,
    find: ' || note !== undefined || outlives === true',
    replace: ' || outlives === true',
    caughtBy: { tests: [`${records}/free-lines.test.ts`] },
  },
  {
    name: 'records: the claim that found no free line stands behind those that were asked for after it',
    file: `${records}/combined-changes.ts`,
    find: 'queue.unshift(asked)',
    replace: 'queue.push(asked)',
    caughtBy: { tests: ['packages/holdfast/src/stores/sql/order.test.ts'] },
  },
  {
    name: 'sqlite: a line with rows is written in one statement',
    file: `${records}/record-cache.ts`,
    find: 'if (waiters !== undefined || observers.length > 0) return false',
    replace: 'if (waiters !== undefined && observers.length > 0) return false',
    caughtBy: tests('rows'),
  },
  {
    name: 'sqlite: one statement writes as many waiters into a record as come',
    file: `${folder}/database.ts`,
    find: '    if (!staysInRecord(after.line)) return undefined\n',
    replace: '',
    caughtBy: tests('crowd'),
  },
  {
    name: 'sqlite: after a restart the rows of a line keep the moments of the clock before',
    file: `${folder}/translation.ts`,
    find: '  prepare(RESTART_ALL_WAITERS).run(placeEndsAtMs(now))\n',
    replace: '',
    caughtBy: tests('crowd-clocks'),
  },
  {
    name: 'sqlite: a line of another generation has its rows as they are',
    file: `${folder}/database.ts`,
    find: '    this.#sql(wire.RESTART_WAITERS).run(placeEndsAtMs(now), resource)\n',
    replace: '',
    caughtBy: tests('crowd-clocks'),
  },
  {
    name: 'sqlite: a look takes the ends of rows under another clock for its own',
    file: `${records}/crowd.ts`,
    find: 'Math.min(Math.max(endsAtMs, waiters.endsAtMs), waiters.lastEndsAtMs)',
    replace: 'endsAtMs',
    caughtBy: tests('crowd-clocks'),
  },
  {
    name: 'sqlite: nobody behind a crowd looks for the crash of its process',
    file: `${folder}/dead-processes.ts`,
    find: 'isBundle(one) || holders.has(one.channel)',
    replace: 'holders.has(one.channel)',
    caughtBy: tests('crowd'),
  },
  {
    name: 'sqlite: everybody behind a crowd looks for the crash of its process',
    file: `${records}/crowd.ts`,
    find: 'passed: channel === undefined ? [] : others',
    replace: 'passed: others.slice(0, 0)',
    caughtBy: tests('crowd'),
  },
  {
    name: 'sqlite: a line that is forgotten leaves its rows behind',
    file: `${folder}/database.ts`,
    find: '      this.#sql(wire.REMOVE_WAITERS).run(resource)\n',
    replace: '',
    caughtBy: tests('crowd'),
  },
  {
    name: 'sqlite: tokens are lowered while only rows wait',
    file: `${folder}/rebase.ts`,
    find: "  if (prepare(wire.WAITERS_IN_USE).get(now.nowMs)?.['count'] !== 0n) return true\n",
    replace: '',
    caughtBy: tests('crowd'),
  },
  {
    name: 'sqlite: lowered tokens leave rows behind',
    file: `${folder}/rebase.ts`,
    find: '    database.prepare(wire.REMOVE_ALL_WAITERS).run()\n',
    replace: '',
    caughtBy: tests('crowd'),
  },
  {
    name: 'sqlite: a file of format 2 is taken for one of format 1',
    file: `${folder}/format.ts`,
    find: 'if (version === 2 || version === 1) return `format ${version}`',
    replace: "if (version === 2 || version === 1) return 'format 1'",
    caughtBy: tests('format'),
  },
  {
    name: 'records: a step on few rows is believed whatever it granted',
    file: `${records}/crowd.ts`,
    find: 'needsMoreRows(load(resource).thin, line))) continue',
    replace: 'needsMoreRows(load(resource).thin, line) && window < 0)) continue',
    caughtBy: tests('crowd'),
  },
  {
    name: 'records: rows that a batch granted and swept away are not missed',
    file: `${records}/thin-line.ts`,
    find: 'return waitingBundles(after) < waitingBundles(before.line)',
    replace: 'return after.claims.some((claim) => isBundle(claim) && !isWaiting(claim))',
    caughtBy: tests('rows'),
  },
  {
    name: 'records: the summary does not learn of a row that ends early',
    file: `${records}/thin-line.ts`,
    find: '    endsAtMs = Math.min(endsAtMs, claim.endsAtMs)\n',
    replace: '',
    caughtBy: tests('rows'),
  },
  {
    name: 'records: rows that end too late after a clock was set back are not loaded',
    file: `${records}/thin-line.ts`,
    find: 'endsAtMs <= nowMs || lastEndsAtMs > nowMs + WAITER_LIFE_MS',
    replace: 'endsAtMs <= nowMs || lastEndsAtMs < 0',
    caughtBy: tests('crowd-clocks'),
  },
  {
    name: 'records: an id that ended and comes again gets its old place back',
    file: `${records}/thin-line.ts`,
    find: 'const isMoved = known !== undefined && known < lastSequence',
    replace: 'const isMoved = known !== undefined && known < 0 && known < lastSequence',
    caughtBy: tests('crowd-clocks'),
  },
  {
    name: 'sql rows: a step that looked into a bundle is believed',
    file: 'packages/holdfast/src/stores/records/crowd-step.ts',
    find: 'if (needsMoreRows(crowd.thin, written.line)) return { more: widerQueryOf(part.query) }',
    replace: '',
    caughtBy: sqlRows,
  },
  {
    name: 'sql rows: a line that has outgrown its record is written whole',
    file: 'packages/holdfast/src/stores/records/swap.ts',
    find: 'this.#engine.locked !== undefined && !staysInRecord(written.line)',
    replace: 'this.#engine.locked !== undefined && written.line.claims.length > 9_999',
    caughtBy: sqlRows,
  },
  {
    name: 'sql rows: a place that is kept ends as it would have before',
    file: 'packages/holdfast/src/stores/sql/waiter-rows.ts',
    find: 'DO UPDATE SET ends_us = excluded.ends_us, text = excluded.text',
    replace: 'DO UPDATE SET text = excluded.text',
    caughtBy: sqlRows,
  },
  {
    name: 'sql rows: a row that is loaded by its id stands right behind the first ones',
    file: 'packages/holdfast/src/stores/sql/waiter-rows.ts',
    find: '${ofLine} AND sequence < w.sequence',
    replace: '${ofLine} AND sequence < w.sequence AND sequence < 5',
    caughtBy: sqlRows,
  },
]
