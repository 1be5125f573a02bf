/** Damages to the rule of one run for each tick, and to its timetable. */
import type { Check, Mutant } from './mutant.ts'

const rule: Check = { tests: ['packages/holdfast/src/recipes/tick/rule.test.ts'] }
const list: Check = { tests: ['packages/holdfast/src/recipes/tick-list/ledger-ticks.test.ts'] }
const job: Check = { tests: ['packages/holdfast/src/recipes/timetable/timetable-job.test.ts'] }
const LIST = 'packages/holdfast/src/recipes/tick-list'
const TICK = 'packages/holdfast/src/recipes/tick'

export const cronMutants: readonly Mutant[] = [
  {
    name: 'cron: a tick is free again when its run is over',
    file: `${LIST}/store-ticks.ts`,
    find: '{ ...settings, minHoldMs: rememberMs }',
    replace: '{ ...settings, minHoldMs: 0 }',
    caughtBy: { ...rule, named: 'without a ledger > a tick whose run was shorter' },
  },
  {
    name: 'cron: a tick is listed when its run is over, and not before',
    file: `${LIST}/ledger-ticks.ts`,
    find: '    await this.#put(lease, history.with(record, keep, schedule))\n',
    replace: '',
    caughtBy: { ...rule, named: 'one that died at work leaves it begun' },
  },
  {
    name: 'cron: a runner that died swallows the tick of the others',
    file: `${TICK}/rule.ts`,
    find: "if (clock.monotonicMs() >= busyUntilMs) return skipped('busy')",
    replace: "return skipped('busy')",
    caughtBy: { ...rule, named: 'a runner that died before it began' },
  },
  {
    name: 'cron: one wrong clock uses up the ticks of a day',
    file: `${TICK}/rule.ts`,
    find: 'if (aheadMs <= skewMs) return undefined',
    replace: 'if (aheadMs >= 0) return undefined',
    caughtBy: { ...rule, named: 'a tick begins neither too late nor ahead' },
  },
  {
    name: 'cron: waiting for the clock of the store counts as being late',
    file: `${TICK}/rule.ts`,
    find: 'if (turn.isExcused) excusedMs += turn.inMs',
    replace: '',
    caughtBy: { ...rule, named: 'a tick begins neither too late nor ahead' },
  },
  {
    name: 'cron: a run that takes too long keeps its lease for ever',
    file: `${TICK}/rule.ts`,
    find: '      lease.stopRenewing()\n',
    replace: '',
    caughtBy: { ...rule, named: 'a run is stopped after atMostFor' },
  },
  {
    name: 'cron: a tick that the history forgot is run again',
    file: `${LIST}/ledger-ticks.ts`,
    find: 'tick.getTime() <= history.forgottenMs',
    replace: 'tick.getTime() < Number.NEGATIVE_INFINITY',
    caughtBy: { ...list, named: 'forgets the oldest ticks' },
  },
  {
    name: 'cron: a run that died goes on for ever in the history',
    file: `${LIST}/history.ts`,
    find: "run.outcome === 'running' && run.token < token",
    replace: 'run.token > token',
    caughtBy: { ...list, named: 'keeps a history, in which runs that died' },
  },
  {
    name: 'cron: something else in the ledger is taken for an empty history',
    file: `${LIST}/history.ts`,
    find: '      throw new Misuse(words, { resource: name, cause })',
    replace: '      return new History([], cause === words ? 0 : Number.NEGATIVE_INFINITY)',
    caughtBy: { ...list, named: 'with something else in it' },
  },
  {
    name: 'cron: a clock that was set forward and back stops the schedule',
    file: 'packages/holdfast/src/recipes/timetable/timetable.ts',
    find: '    if (nowMs < this.#cursorMs) this.#goTo(nowMs)\n',
    replace: '',
    caughtBy: { ...job, named: 'whose clock is set back' },
  },
  {
    name: 'cron: a tick of a store that is away is tried once',
    file: 'packages/holdfast/src/recipes/timetable/timetable-job.ts',
    find: 'if (error instanceof Misuse || error instanceof Unsupported) return undefined',
    replace: 'return undefined',
    caughtBy: { ...job, named: 'while it is a ledger that is' },
  },
  {
    name: 'cron: a tick that was busy is not caught up with',
    file: 'packages/holdfast/src/recipes/timetable/timetable-job.ts',
    find: 'if (isQueued && !isCatchUp) this.#queue([tick])',
    replace: 'if (isQueued && isCatchUp) this.#queue([tick])',
    caughtBy: { ...job, named: 'because another run took four minutes: last' },
  },
]
