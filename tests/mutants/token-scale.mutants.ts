/** Damages to the roof of the token scale, to moving the scale, and to the words about a wrong clock. */
import type { Check, Mutant } from './mutant.ts'

const scaleFile = 'packages/holdfast/src/line/token-scale.ts'
const scaleTests: Check = { tests: ['packages/holdfast/src/line/token-scale.test.ts'] }
const sqlite = 'packages/holdfast/src/stores/sqlite'
const sqliteTests: Check = { tests: [`${sqlite}/tokens.test.ts`] }
const rebaseTests: Check = { tests: [`${sqlite}/rebase.test.ts`] }
const witnessFile = 'packages/holdfast/src/guards/clock-witness.ts'
const witnessTests: Check = { tests: ['packages/holdfast/src/guards/clock-witness.test.ts'] }
const command = 'packages/cli/src/rebase.ts'
const commandTests = (named: string): Check => ({ tests: ['packages/cli/src/rebase.test.ts'], named })

export const tokenScaleMutants: readonly Mutant[] = [
  {
    name: 'token scale: the wall clock is followed wherever it goes',
    file: scaleFile,
    find: 'Math.min(wallMs, otherMs + TOKEN_JUMP_MS_MAX)',
    replace: 'Math.max(wallMs, otherMs)',
    caughtBy: scaleTests,
  },
  {
    name: 'token scale: the reference moves along at every look',
    file: scaleFile,
    find: 'if (this.#reference === undefined || this.#reference.wallMs < CLOCK_TRUSTED_FROM_MS) this.#reference = now',
    replace: 'this.#reference = now',
    caughtBy: scaleTests,
  },
  {
    name: 'token scale: a clock that has not learned the date is a reference',
    file: scaleFile,
    find: ' || this.#reference.wallMs < CLOCK_TRUSTED_FROM_MS) this.#reference',
    replace: ') this.#reference',
    caughtBy: scaleTests,
  },
  {
    name: 'token scale: memory and records follow the wall clock alone',
    file: 'packages/holdfast/src/stores/memory/engine.ts',
    find: 'tokenScaleUs: this.#scale.at(now)',
    replace: 'tokenScaleUs: new TokenScale().at(now)',
    caughtBy: {
      tests: ['packages/holdfast/src/stores/memory/store.test.ts'],
      named: 'tokens follow a wall clock that jumps',
    },
  },
  {
    name: 'token scale: a process that starts under a wrong clock measures by it',
    file: `${sqlite}/open.ts`,
    find: 'before + now.nowMs < CLOCK_TRUSTED_FROM_MS ? own.startedAtMs : before',
    replace: 'before + now.nowMs < CLOCK_TRUSTED_FROM_MS ? own.startedAtMs : own.startedAtMs',
    caughtBy: sqliteTests,
  },
  {
    name: 'rebase: the file is lowered beside other processes',
    file: `${sqlite}/rebase.ts`,
    find: "if (mode !== 'delete') {",
    replace: "if (mode === 'off') {",
    caughtBy: rebaseTests,
  },
  {
    name: 'rebase: the tokens are lowered under a holder',
    file: `${sqlite}/rebase.ts`,
    find: 'if (isInUse(database, now)) throw',
    replace: 'if (isInUse(database, now) && now.nowMs < 0) throw',
    caughtBy: rebaseTests,
  },
  {
    name: 'rebase: names that are forgotten keep the old base when it is lowered',
    file: `${sqlite}/rare-statements.ts`,
    find: 'SET floor = min(floor, ?1), ceiling = ?2',
    replace: 'SET floor = max(floor, ?1), ceiling = ?2',
    caughtBy: rebaseTests,
  },
  {
    name: 'rebase: names that are forgotten keep the old base when it is raised',
    file: `${sqlite}/rare-statements.ts`,
    find: 'SET floor = max(floor, ?1), ceiling = max(ceiling, ?2)',
    replace: 'SET floor = max(floor, 0 * ?1), ceiling = max(ceiling, ?2)',
    caughtBy: rebaseTests,
  },
  {
    name: 'rebase: this process goes on from what it saw before',
    file: `${sqlite}/lock-file.ts`,
    find: "this.#highestToken = 0n\n    this.#options.onNotice('unsure')",
    replace: "this.#options.onNotice('unsure')",
    caughtBy: rebaseTests,
  },
  {
    name: 'rebase: no answer is a yes',
    file: command,
    find: 'if (options.yes !== true && !(await isYes(printer, `Move the tokens ${direction}?`))) {',
    replace: 'if (options.yes === undefined && !printer) {',
    caughtBy: commandTests('asks at a terminal'),
  },
  {
    name: 'rebase: a base that guards refuse is told like every other',
    file: command,
    find: 'const isTooFar = to > nowUs() + GUARDS_ALLOW_US',
    replace: 'const isTooFar = to > TOKEN_MAX + GUARDS_ALLOW_US',
    caughtBy: commandTests('warns of a date'),
  },
  {
    name: 'clock witness: a clock of its own that was set back is not noticed',
    file: witnessFile,
    find: 'if (setBackMs >= SET_MS_MIN) {',
    replace: 'if (setBackMs >= Infinity) {',
    caughtBy: witnessTests,
  },
  {
    name: 'clock witness: what it admitted is forgotten',
    file: witnessFile,
    find: 'this.#lastAheadMs = msOf(token) - wallMs',
    replace: 'void (msOf(token) - wallMs)',
    caughtBy: witnessTests,
  },
]
