/** Damages to what the stores on Redis share: the connection, its errors, its channels and the clock of the server. */
import type { Check, Mutant } from './mutant.ts'

const pushed: Check = { tests: ['packages/holdfast/src/stores/redis/pushed.test.ts'], engine: 'redis' }
const trouble = (named: string): Check => ({
  tests: ['packages/holdfast/src/stores/redis/trouble.test.ts'],
  named,
  engine: 'redis',
})
const units = (file: string): Check => ({ tests: [file] })

const damages: Readonly<Record<string, Omit<Mutant, 'name'>>> = {
  'observers are not hinted at what was told while nobody could hear': {
    file: 'packages/holdfast/src/stores/redis-driver/channels.ts',
    find: '        this.#events.onUp()\n        this.hintAll()',
    replace: '        this.#events.onUp()',
    caughtBy: pushed,
  },
  'a grant that is told counts from its arrival': {
    file: 'packages/holdfast/src/store/server-clock.ts',
    find: 'return { monotonicMs: monotonicMs + sinceMs, wallMs: wallMs + sinceMs }',
    replace: 'return stampOf(this.#clock)',
    caughtBy: units('packages/holdfast/src/store/server-clock.test.ts'),
  },
  'a clock that was set forward is trusted': {
    file: 'packages/holdfast/src/store/server-clock.ts',
    find: 'if (monotonicMs + sinceMs > stampOf(this.#clock).monotonicMs + STEP_MS) return undefined',
    replace: '',
    caughtBy: units('packages/holdfast/src/store/server-clock.test.ts'),
  },
  'what a server says the second time is true of the first': {
    file: 'packages/holdfast/src/stores/redis-driver/connection.ts',
    find: 'if (!(meant instanceof NotApplied) || this.#port.resends !== true) return meant',
    replace: 'if (meant.code !== undefined) return meant',
    caughtBy: { tests: ['packages/holdfast/src/stores/redis/resend.test.ts'], engine: 'redis' },
  },
  'a connection that broke means that nothing was done': {
    file: 'packages/holdfast/src/stores/redis-driver/errors.ts',
    find: 'return new OutcomeUnknown(`${what}: ${words}',
    replace: 'return new NotApplied(`${what}: ${words}',
    caughtBy: units('packages/holdfast/src/stores/redis-driver/errors.test.ts'),
  },
  'the password is in the error': {
    file: 'packages/holdfast/src/store/drivers-words.ts',
    find: ".replaceAll(USERINFO, '//***@')",
    replace: '',
    caughtBy: units('packages/holdfast/src/stores/redis-driver/errors.test.ts'),
  },
  'a server that forgot its scripts stays ignorant': {
    file: 'packages/holdfast/src/stores/redis-driver/connection.ts',
    find: "if (codeWordOf(error) !== 'NOSCRIPT') throw",
    replace: 'throw',
    caughtBy: trouble('tokens rise over FLUSHALL'),
  },
}

export const redisConnectionMutants: readonly Mutant[] = Object.entries(damages).map(([name, damage]) => ({
  name: `redis: ${name}`,
  ...damage,
}))
