/** The defects of other libraries, put into this one: what docs/known-defects.md says must turn red. */
import type { Check, Mutant } from './mutant.ts'

const proves = (named: string): Check => ({
  tests: ['packages/holdfast/src/stores/redis/known-defects.test.ts'],
  named,
  engine: 'redis',
})

const defects: Readonly<Record<string, Omit<Mutant, 'name'>>> = {
  'D3: the result of work that lost its lease is thrown away': {
    file: 'packages/holdfast/src/recipes/lock.ts',
    find: '{ resource: lease.name, outcome, cause }',
    replace: '{ resource: lease.name, cause }',
    caughtBy: proves('work that slept through its lease'),
  },
  'D5: the holder is told after the lease': {
    file: 'packages/holdfast/src/lease/held-lease.ts',
    find: 'return clock.monotonicMs() + remainingMs(this.#deadline, clock) - this.#settings.stopBeforeMs',
    replace: 'return clock.monotonicMs() + remainingMs(this.#deadline, clock) + 2_000',
    caughtBy: proves('a holder whose connection is cut'),
  },
  'D6: no clock is compared after a stall': {
    file: 'packages/holdfast/src/lease/held-lease.ts',
    find: 'if (remainingMs(this.#deadline, this.#host.clock) > 0) return',
    replace: 'return',
    caughtBy: proves('work that slept through its lease'),
  },
  'D10: a short lease is renewed without pause': {
    file: 'packages/holdfast/src/lease/renewer.ts',
    find: 'renewable.lifeMs * share * jitter',
    replace: '(renewable.lifeMs * share * jitter) / 100',
    caughtBy: proves('a short lease is renewed at a third of it'),
  },
  'D11: the first failed renewal is a loss': {
    file: 'packages/holdfast/src/lease/renewer.ts',
    find: 'for (const { renewable, renewal } of sent) renewable.onUnanswered(error, renewal.note)',
    replace: "for (const { renewable } of sent) renewable.onStanding({ kind: 'gone' }, 0)",
    caughtBy: proves('one failed renewal is jeopardy'),
  },
  'D13: nothing is renewed': {
    file: 'packages/holdfast/src/lease/renewer.ts',
    find: 'renewable.lifeMs * share * jitter',
    replace: 'renewable.lifeMs * share * jitter * 9',
    caughtBy: proves('work of several leases has the lock alone'),
  },
  'D14: a wait is thirty seconds, whatever was asked for': {
    file: 'packages/holdfast/src/client/options.ts',
    find: 'call.wait ?? client.wait ?? waitDefault',
    replace: 'WAIT_MS_DEFAULT',
    caughtBy: {
      tests: ['packages/holdfast/src/wait/acquire.test.ts'],
      named: 'a wait lasts as long as it was asked for',
    },
  },
  'a connection that is about to end is reset': {
    file: 'packages/testbed/src/proxy/link.ts',
    find: 'socket.connecting || (socket.writableEnded && !socket.writableFinished)',
    replace: 'socket.connecting',
    caughtBy: {
      tests: ['packages/testbed/src/proxy/proxy.test.ts'],
      named: 'leaves no socket behind',
      engine: 'redis',
    },
  },
}

export const knownDefectMutants: readonly Mutant[] = Object.entries(defects).map(([name, damage]) => ({
  name: `known defect ${name}`,
  ...damage,
}))
