/** Damages to what the stores on Redis share: the connection, its errors, its channels and the clock of the server. */
import type { Check, Mutant } from './mutant.ts'

const source = (file: string): string => `packages/holdfast/src/${file}`
const redis = (file: string): string => source(`stores/redis/${file}`)
const shared = (file: string): string => source(`stores/shared/redis/${file}`)

const pushed: Check = { tests: [redis('pushed.test.ts')], engine: 'redis' }
const trouble = (named: string): Check => ({ tests: [redis('trouble.test.ts')], named, engine: 'redis' })
const units = (file: string): Check => ({ tests: [file] })

const damages: Readonly<Record<string, Omit<Mutant, 'name'>>> = {
  'observers are not hinted at what was told while nobody could hear': {
    file: shared('channels.ts'),
    find: '        this.#events.onUp()\n        this.hintAll()',
    replace: '        this.#events.onUp()',
    caughtBy: pushed,
  },
  'a grant that is told counts from its arrival': {
    file: shared('server-clock.ts'),
    find: 'return { monotonicMs: monotonicMs + sinceMs, wallMs: wallMs + sinceMs }',
    replace: 'return stampOf(this.#clock)',
    caughtBy: units(shared('server-clock.test.ts')),
  },
  'a clock that was set forward is trusted': {
    file: shared('server-clock.ts'),
    find: 'if (monotonicMs + sinceMs > stampOf(this.#clock).monotonicMs + STEP_MS) return undefined',
    replace: '',
    caughtBy: units(shared('server-clock.test.ts')),
  },
  'what a server says the second time is true of the first': {
    file: shared('connection.ts'),
    find: 'if (!(meant instanceof NotApplied) || this.port.resends !== true) return meant',
    replace: 'if (meant.code !== undefined) return meant',
    caughtBy: { tests: [redis('resend.test.ts')], engine: 'redis' },
  },
  'a connection that broke means that nothing was done': {
    file: shared('errors.ts'),
    find: 'return new OutcomeUnknown(`${what}: the connection',
    replace: 'return new NotApplied(`${what}: the connection',
    caughtBy: units(shared('errors.test.ts')),
  },
  'the password is in the error': {
    file: shared('errors.ts'),
    find: ".replaceAll(/\\/\\/[^\\s/@]*@/g, '//***@')",
    replace: '',
    caughtBy: units(shared('errors.test.ts')),
  },
  'a server that forgot its scripts stays ignorant': {
    file: shared('connection.ts'),
    find: "if (codeWordOf(error) !== 'NOSCRIPT') throw",
    replace: 'throw',
    caughtBy: trouble('tokens rise over FLUSHALL'),
  },
}

export const redisConnectionMutants: readonly Mutant[] = Object.entries(damages).map(([name, damage]) => ({
  name: `redis: ${name}`,
  ...damage,
}))
