/** Damages to numbered places: the order of the waiting, what is given back, and from when on ids may begin. */
import type { Check, Mutant } from './mutant.ts'

const FOLDER = 'packages/holdfast/src/recipes/slots'
const named = (test: string): Check => ({ tests: [`${FOLDER}/line-slots.test.ts`], named: test })

export const slotsMutants: readonly Mutant[] = [
  {
    name: 'slots: the place in the line is kept when the number is given back',
    file: `${FOLDER}/line-slot.ts`,
    find: '    await this.#parts.place?.release()\n',
    replace: '',
    caughtBy: named('is given back with its place'),
  },
  {
    name: 'slots: a process stays away from the number of its owner',
    file: `${FOLDER}/line-slots.ts`,
    find: "createHash('sha256').update(owner)",
    replace: "createHash('sha256').update(owner + Math.random())",
    caughtBy: named('is found again by a process'),
  },
  {
    name: 'slots: a try that found no number keeps its place',
    file: `${FOLDER}/line-slots.ts`,
    find: '    await place?.undo()\n    return null',
    replace: '    return null',
    caughtBy: named('leaves nothing behind'),
  },
  {
    name: 'slots: ids begin where those of the holder before may have ended',
    file: `${FOLDER}/line-slot.ts`,
    find: 'TOKENS_A_MS) + 1 + skewMs',
    replace: 'TOKENS_A_MS) + 1',
    caughtBy: named('begins its ids behind all'),
  },
  {
    name: 'slots: a preferred number is not looked at first',
    file: `${FOLDER}/line-slots.ts`,
    find: 'const slot = (first + step) % this.#count',
    replace: 'const slot = step % this.#count',
    caughtBy: named('is the preferred one'),
  },
  {
    name: 'slots: ids begin at the very time that the holder before has reached',
    file: `${FOLDER}/line-slot.ts`,
    find: 'TOKENS_A_MS) + 1 + skewMs',
    replace: 'TOKENS_A_MS) + skewMs',
    caughtBy: named('begins its ids behind all'),
  },
  {
    name: 'slots: a place is given on although its number is not',
    file: `${FOLDER}/line-slot.ts`,
    find: 'if (hasDelay) place?.stopRenewing()\n      else void',
    replace: 'void',
    caughtBy: named('is kept for the delay'),
  },
  {
    name: 'slots: the place of a lost number is kept',
    file: `${FOLDER}/line-slot.ts`,
    find: 'else void place?.release()',
    replace: '',
    caughtBy: named('is kept for the delay'),
  },
  {
    name: 'slots: the name of a number is longer than a name may be',
    file: `${FOLDER}/line-slots.ts`,
    find: "recipeName('slots', `${this.#name}:${slot}`)",
    replace: '`${this.#line}:${slot}`',
    caughtBy: named('may have a name of any length'),
  },
]
