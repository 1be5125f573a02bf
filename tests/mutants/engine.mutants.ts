/** Damages to the rule, to the two stores that run it, and to the judge itself. */
import type { Check, Mutant } from './mutant.ts'

const transition = 'packages/holdfast/src/line/transition.ts'
const memoryTests: Check = { tests: ['packages/holdfast/src/stores/memory/store.test.ts'] }
const sqliteTests: Check = {
  tests: ['packages/holdfast/src/stores/conformance.test.ts'],
  named: 'sqlite, virtual time',
}
const ruleTests: Check = {
  tests: [
    'packages/holdfast/src/line/transition.test.ts',
    'packages/holdfast/src/line/set-back.test.ts',
    'packages/holdfast/src/line/transition.property.test.ts',
  ],
}
const endedTests: Check = { tests: ['packages/holdfast/src/wait/ended-claims.test.ts'] }
const judgeTests: Check = {
  tests: [
    'packages/lab/src/judge/judge.test.ts',
    'packages/lab/src/judge/fifo.test.ts',
    'packages/lab/src/judge/liveness.test.ts',
  ],
}
const seeds = (from: number, count: number): Check => ({ seeds: { from, count } })

const rule: readonly Mutant[] = [
  {
    name: 'newcomers stand in front of the line',
    file: transition,
    find: 'claims: [...granted.claims, entered]',
    replace: 'claims: [entered, ...granted.claims]',
    caughtBy: ruleTests,
  },
  {
    name: 'the weight ahead does not count',
    file: 'packages/holdfast/src/line/line.ts',
    find: 'return weightAhead + weight <= capacity',
    replace: 'return weight <= capacity',
    caughtBy: seeds(1, 5),
  },
  {
    name: 'one more fits than the capacity',
    file: 'packages/holdfast/src/line/line.ts',
    find: 'return weightAhead + weight <= capacity',
    replace: 'return weightAhead + weight <= capacity + 1',
    caughtBy: seeds(1, 5),
  },
  {
    name: 'an expired claim can be renewed',
    file: transition,
    find: 'note: string | undefined,\n  now: Moment,\n  outlives = false,\n): LineStep<ClaimState> {\n  const swept = sweep(before, now)',
    replace:
      'note: string | undefined,\n  now: Moment,\n  outlives = false,\n): LineStep<ClaimState> {\n  const swept = before',
    caughtBy: ruleTests,
  },
  {
    name: 'a lingering claim can be renewed',
    file: transition,
    find: "if (known === undefined || known.state === 'lingering') {",
    replace: 'if (known === undefined) {',
    caughtBy: endedTests,
  },
  {
    name: 'the same token is given again',
    file: transition,
    find: 'lastToken >= now.tokenScaleUs ? lastToken + 1n',
    replace: 'lastToken >= now.tokenScaleUs ? lastToken',
    caughtBy: ruleTests,
  },
  {
    name: 'a token follows the clock alone',
    file: transition,
    find: 'return lastToken >= now.tokenScaleUs ? lastToken + 1n : now.tokenScaleUs',
    replace: 'return lastToken >= 0n ? now.tokenScaleUs : lastToken',
    caughtBy: seeds(1, 20),
  },
  {
    name: 'a token is compared as text',
    file: transition,
    find: 'lastToken >= now.tokenScaleUs ?',
    replace: 'String(lastToken) >= String(now.tokenScaleUs) ?',
    caughtBy: endedTests,
  },
  {
    name: 'leaving and renewing ignore the token',
    file: transition,
    find: "known.state !== 'waiting' && known.token === ref.token ? known : undefined",
    replace: 'known',
    caughtBy: ruleTests,
  },
  {
    name: 'there is no lock-delay after an expiry',
    file: transition,
    find: 'const untilMs = claim.endsAtMs + claim.lockDelayMs',
    replace: 'const untilMs = claim.endsAtMs',
    caughtBy: ruleTests,
  },
  {
    name: 'there is no lock-delay after an eviction',
    file: transition,
    find: 'return claim.lockDelayMs > 0\n    ?',
    replace: 'return claim.lockDelayMs < 0\n    ?',
    caughtBy: ruleTests,
  },
  {
    name: 'the minimum hold is not kept in the line',
    file: transition,
    find: "known.state === 'held' && keepMs > 0",
    replace: "known.state === 'held' && keepMs < 0",
    caughtBy: ruleTests,
  },
  {
    name: 'an eviction keeps the holder',
    file: transition,
    find: 'replace(swept, evicted(known, reason, now))',
    replace: 'swept',
    caughtBy: ruleTests,
  },
  {
    name: 'a waiter that died stands in line for ever',
    file: transition,
    find: 'return Math.min(Math.max(ttlMs, PROVISIONAL_LIFE_MS), WAITER_LIFE_MS)',
    replace: 'return Math.max(ttlMs, 1e12)',
    caughtBy: endedTests,
  },
  {
    name: 'a pushed grant that nobody heard of lives for ever',
    file: transition,
    find: 'const endsAtMs = now.nowMs + Math.min(claim.ttlMs, PROVISIONAL_LIFE_MS)',
    replace: 'const endsAtMs = now.nowMs + 1e12',
    caughtBy: { tests: ['packages/holdfast/src/line/transition.test.ts'] },
  },
]

const memory: readonly Mutant[] = [
  {
    name: 'memory: a line that was forgotten takes its last token with it',
    file: 'packages/holdfast/src/stores/records/record-map.ts',
    find: 'if (line.lastToken > this.#floor) this.#floor = line.lastToken',
    replace: '',
    caughtBy: memoryTests,
  },
]

const sqlite: readonly Mutant[] = [
  {
    name: 'sqlite: removed lines take their tokens with them',
    file: 'packages/holdfast/src/stores/sqlite/schema.ts',
    find: "'UPDATE file SET floor = max(floor, ?)'",
    replace: "'UPDATE file SET floor = min(floor, ?)'",
    caughtBy: {
      tests: [
        'packages/holdfast/src/stores/sqlite/tokens.test.ts',
        'packages/holdfast/src/stores/sqlite/prune.test.ts',
      ],
    },
  },
  {
    name: 'sqlite: a changed line is not written',
    file: 'packages/holdfast/src/stores/sqlite/schema.ts',
    find: 'token = excluded.token, record = excluded.record`',
    replace: 'token = excluded.token`',
    caughtBy: sqliteTests,
  },
]

const checkers = [
  'checkTokenOrder',
  'checkGuardOrder',
  'checkFalseRejection',
  'checkLostUpdates',
  'checkOverlap',
] as const
const moreCheckers = [
  'checkUseAfterExpiry',
  'checkLossTold',
  'checkRevival',
  'checkLiveness',
  'checkFifo',
  'checkLeaks',
] as const

const judge: readonly Mutant[] = [...checkers, ...moreCheckers].map((checker) => ({
  name: `judge: ${checker} always says fine`,
  file: 'packages/lab/src/judge/judge.ts',
  find: `: ${checker},`,
  replace: ': () => [],',
  caughtBy: judgeTests,
}))

export const engineMutants: readonly Mutant[] = [...rule, ...memory, ...sqlite, ...judge]
