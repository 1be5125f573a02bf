/** Damages to what programs written for redlock lean on. */
import type { Check, Mutant } from './mutant.ts'

const dropIn = (named: string): Check => ({
  tests: ['packages/holdfast/src/compat/redlock/drop-in.test.ts'],
  named,
  engine: 'redis',
})
const program = (named: string): Check => ({
  tests: ['packages/holdfast/src/compat/redlock/redlock.test.ts'],
  named,
  engine: 'redis',
})

const damage = (file: string, find: string, replace: string, caughtBy: Check): Omit<Mutant, 'name'> => {
  return { file: `packages/holdfast/src/compat/redlock/${file}`, find, replace, caughtBy }
}

const damages: Readonly<Record<string, Omit<Mutant, 'name'>>> = {
  'every new Redlock has a connection of its own': damage(
    'shared-locks.ts',
    'if (shared.#isOver(clients)) return shared',
    'if (shared.#isOver(new Set())) return shared',
    dropIn('one connection listens'),
  ),
  'closing one Redlock closes them all': damage(
    'shared-locks.ts',
    'if (this.#holds.size === 0) await',
    'await',
    dropIn('closing one leaves the locks'),
  ),
  'a lock keeps the process whose clients have ended': damage(
    'shared-locks.ts',
    'for (const hold of this.#holds) hold.over()',
    '',
    program('ends its only client'),
  ),
  'a Redlock that was closed waits on': damage(
    'hold.ts',
    'this.#stop.abort(closedError())',
    '',
    dropIn('closing one tells its work'),
  ),
  'an extension leaves the lease as short as it was': damage(
    'hold.ts',
    'if (isDone() || this.locks === undefined) return isDone()',
    'if (!isDone() || this.locks === undefined) return true',
    dropIn('that is extended for longer'),
  ),
  'an error has one attempt, however many redlock makes': damage(
    'votes.ts',
    'against === undefined ? 1 : triesOf(against.settings)',
    'against === undefined ? triesOf({ retryCount: 0 } as RedlockSettings) : 1',
    dropIn('as many attempts as redlock makes'),
  ),
  'a client that has ended votes in words of ours': damage(
    'votes.ts',
    "client.status === 'end')",
    "client.status === 'ended')",
    dropIn('as many attempts as redlock makes'),
  ),
  'a setting that is undefined is taken': damage(
    'shape.ts',
    "typeof value === 'number' && !Number.isNaN(value)",
    'given !== undefined && name in given',
    dropIn('a setting that is undefined'),
  ),
  'custom scripts are ignored': damage(
    'redlock.ts',
    'if (script === undefined) return\n',
    'if (script !== null) return\n',
    dropIn('custom scripts are refused'),
  ),
  'a lock inside its own using is misuse': damage(
    'redlock.ts',
    'detached: true,',
    'detached: false,',
    dropIn('the same resource is busy'),
  ),
  'a resource that is a text is its letters': damage(
    'redlock.ts',
    "typeof resources === 'string' ? [resources]",
    "typeof resources === 'string' ? [...resources]",
    dropIn('a resource that is a text'),
  ),
  'a lock that was not taken here is released without a word': damage(
    'redlock.ts',
    'if (hold !== undefined) return hold',
    'return hold ?? new Hold(systemClock, () => undefined)',
    dropIn('one that is no lock is refused'),
  ),
}

export const fromRedlockMutants: readonly Mutant[] = Object.entries(damages).map(([name, mutant]) => ({
  name,
  ...mutant,
}))
