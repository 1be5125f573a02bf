/** Damages to the live view in a terminal: whom a key hits. */
import type { Check, Mutant } from './mutant.ts'

const FOLDER = 'packages/cli/src'
const controls = (named: string): Check => ({ tests: [`${FOLDER}/watch-controls.test.ts`], named })

export const watchMutants: readonly Mutant[] = [
  {
    name: 'watch: Enter is a yes to an eviction',
    file: `${FOLDER}/watch-controls.ts`,
    find: "key.name === 'text' && key.text.toLowerCase() === 'y'",
    replace: "key.name === 'enter' || (key.name === 'text' && key.text.toLowerCase() === 'y')",
    caughtBy: controls('is none with Enter at the question'),
  },
  {
    name: 'watch: the mark stays in its row when another lock comes before it',
    file: `${FOLDER}/watch-controls.ts`,
    find: 'const found = shown.findIndex(({ name }) => name === this.#name)',
    replace: 'const found = -1',
    caughtBy: controls('stays with its lock while others come and go'),
  },
  {
    name: 'watch: the first of several holders is evicted, in sight or not',
    file: `${FOLDER}/watch-controls.ts`,
    find: 'if (this.opened === undefined && holders.length > 1) {',
    replace: 'if (this.opened === undefined && holders.length > 99) {',
    caughtBy: controls('of one of several holders'),
  },
]
