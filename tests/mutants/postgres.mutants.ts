/** Damages to the PostgreSQL store and to what the record stores do for a server: clocks, lanes, and asks that come late. */
import type { Check, Mutant } from './mutant.ts'

const folder = 'packages/holdfast/src/stores/postgres'
const records = 'packages/holdfast/src/stores/records'
const tests = (name: string): Check => ({ tests: [`${folder}/${name}.test.ts`], engine: 'postgres' })

export const postgresMutants: readonly Mutant[] = [
  {
    name: 'postgres: a clock of the server that is far ahead takes the tokens along',
    file: `${folder}/line-table.ts`,
    find: 'least(c.us, $6::bigint)',
    replace: 'least(c.us, $6::bigint * 2)',
    caughtBy: tests('tokens'),
  },
  {
    name: 'postgres: a lease that is over is given back as if it lived',
    file: `${folder}/line-table.ts`,
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
    replace: 'if (this.#engine.locked !== undefined && tries === 9) return await',
    caughtBy: tests('trouble'),
  },
  {
    name: 'postgres: renewals and leaves stand behind those that want to enter',
    file: `${records}/swap.ts`,
    find: "lane: this.#free === undefined ? 'asks' : lane",
    replace: "lane: this.#free === undefined ? lane : 'asks'",
    caughtBy: tests('trouble'),
  },
  {
    name: 'postgres: an ask that its leave has overtaken makes a claim that nobody ends',
    file: `${records}/store.ts`,
    find: '    this.#overtaken.left(ref.id)\n',
    replace: '',
    caughtBy: tests('trouble'),
  },
]
