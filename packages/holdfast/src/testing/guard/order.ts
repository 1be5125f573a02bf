/** Cases about the order of things: what a token that came too late must not do, and what a newer one must. */
import assert from 'node:assert/strict'
import { Misuse, StaleToken } from '../../store/errors.ts'
import { assertStale, assertUntouched, type GuardCase, guardCase, holder, KEY } from './case.ts'
import { type GuardedRegister, lostUpdates, tokensGoneBack } from './register.ts'
import { runWorkload } from './workload.ts'

/**
 * Kleppmann's 33 and 34: the successor has read, then the late write of the old holder arrives, then the successor
 * writes what it computed from its read.
 */
async function lateWrite(
  first: GuardedRegister,
  second: GuardedRegister,
  entering: boolean,
): Promise<'accepted' | 'stale'> {
  const old = holder(33n)
  const successor = holder(34n)
  if (entering) await first.enter(old)
  const readByOld = await first.read(KEY)
  if (entering) await second.enter(successor)
  const readBySuccessor = await second.read(KEY)
  const late = await first.write(old, { key: KEY, based: readByOld, value: readByOld + 1 }).then(
    () => 'accepted' as const,
    (error: unknown) => {
      if (error instanceof StaleToken) return 'stale' as const
      throw error
    },
  )
  await second.write(successor, { key: KEY, based: readBySuccessor, value: readBySuccessor + 1 })
  return late
}

async function afterNestedRollback(
  register: GuardedRegister,
  ...call: Parameters<NonNullable<GuardedRegister['writeAfterNestedRollback']>>
): Promise<void> {
  assert.ok(
    register.writeAfterNestedRollback,
    'a guard in the transactions of its caller needs writeAfterNestedRollback',
  )
  await register.writeAfterNestedRollback(...call)
}

/** Only a place may be refused; any other rejection is an answer that the case does not expect. */
async function isRefused(attempt: Promise<void>): Promise<boolean> {
  return await attempt.then(
    () => false,
    (reason: unknown) => {
      if (reason instanceof Misuse) return true
      throw reason
    },
  )
}

export const orderCases: readonly GuardCase[] = [
  guardCase('a stale token is refused and nothing is written', async (resource, first, second) => {
    await second.enter(holder(34n))
    await assertStale(first.enter(holder(33n)), 33n, 34n)
    await assertStale(first.check(holder(33n)), 33n, 34n)
    await assertStale(first.write(holder(33n), { key: KEY, based: 0, value: 1 }), 33n, 34n)
    await assertUntouched(resource, first)
  }),

  guardCase(
    'the work of a stale holder does not begin',
    async (_resource, first, second) => {
      let begun = false
      const before = (): void => {
        begun = true
      }
      await second.enter(holder(34n))
      await assertStale(first.write(holder(33n), { key: KEY, based: 0, value: 1 }, { before }), 33n, 34n)
      assert.equal(begun, false)
    },
    { needs: 'transaction' },
  ),

  guardCase('an equal token is accepted, again and from several connections', async (resource, first, second) => {
    await first.enter(holder(33n))
    await second.enter(holder(33n))
    await second.check(holder(33n))
    await first.write(holder(33n), { key: KEY, based: 0, value: 1 })
    await second.write(holder(33n), { key: KEY, based: 1, value: 2 })
    assert.equal(await first.read(KEY), 2)
    assert.equal((await resource.commits()).length, 2)
  }),

  guardCase('a newer token raises the mark, by entering and by writing', async (_resource, first, second) => {
    await first.enter(holder(33n))
    await second.enter(holder(35n))
    await assertStale(first.check(holder(34n)), 34n, 35n)
    await second.write(holder(36n), { key: KEY, based: 0, value: 1 })
    await assertStale(first.check(holder(35n)), 35n, 36n)
  }),

  guardCase('a look raises nothing', async (_resource, first, second) => {
    await first.check(holder(35n))
    await second.enter(holder(34n))
  }),

  guardCase('a refused write does not move the mark', async (_resource, first, second) => {
    await second.enter(holder(34n))
    await assertStale(first.write(holder(33n), { key: KEY, based: 0, value: 1 }), 33n, 34n)
    await assertStale(first.check(holder(33n)), 33n, 34n)
    await second.write(holder(34n), { key: KEY, based: 0, value: 1 })
  }),

  guardCase('with enter, a late write after the successor has read is refused', async (resource, first, second) => {
    assert.equal(await lateWrite(first, second, true), 'stale')
    assert.equal(lostUpdates(await resource.commits()), 0)
  }),

  guardCase('without enter, the same late write is lost: this case can see it', async (resource, first, second) => {
    assert.equal(await lateWrite(first, second, false), 'accepted')
    assert.equal(lostUpdates(await resource.commits()), 1)
  }),

  guardCase('a writer that became stale between its check and its write loses', async (resource, first, second) => {
    await first.enter(holder(33n))
    await first.check(holder(33n))
    await second.enter(holder(34n))
    await assertStale(first.write(holder(33n), { key: KEY, based: 0, value: 1 }), 33n, 34n)
    await assertUntouched(resource, first)
  }),

  guardCase(
    'a successor cannot enter and read between the comparison and the commit of a writer',
    async (resource, first, second) => {
      const successor = holder(34n)
      const enterAndRead = (): Promise<number> => second.enterAndRead(successor, KEY)
      await first.enter(holder(33n))
      let early: Promise<PromiseSettledResult<number>[]> | undefined
      await first.write(
        holder(33n),
        { key: KEY, based: 0, value: 1 },
        {
          meanwhile: () => {
            early = Promise.allSettled([enterAndRead()])
            return early
          },
        },
      )
      // It waited for the commit, or it was turned away (a busy database) and asks again.
      const [entered] = (await early) ?? []
      const based = entered?.status === 'fulfilled' ? entered.value : await enterAndRead()
      await second.write(successor, { key: KEY, based, value: based + 1 })
      const commits = await resource.commits()
      assert.equal(commits.length, 2)
      assert.equal(lostUpdates(commits), 0)
      assert.equal(tokensGoneBack(commits), 0)
    },
    { needs: 'transaction' },
  ),

  guardCase(
    'a nested transaction that is rolled back alone takes no mark with it',
    async (resource, first, second) => {
      await second.enter(holder(33n))
      // A guard that cannot keep the mark has to refuse the place, before anything is written under it.
      if (await isRefused(afterNestedRollback(first, holder(35n), { key: KEY, based: 0, value: 1 }))) {
        await assertUntouched(resource, second)
        await second.enter(holder(34n))
      } else {
        await assertStale(second.enter(holder(34n)), 34n, 35n)
      }
    },
    { needs: 'transaction' },
  ),

  guardCase(
    'who has entered passes inside a nested transaction and holds successors off until the outer one commits, or is refused there',
    async (resource, first, second) => {
      await first.enter(holder(35n))
      let early: Promise<PromiseSettledResult<number>[]> | undefined
      const meanwhile = (): Promise<unknown> => {
        early = Promise.allSettled([second.enterAndRead(holder(36n), KEY)])
        return early
      }
      const nested = afterNestedRollback(first, holder(35n), { key: KEY, based: 0, value: 1 }, { meanwhile })
      if (await isRefused(nested)) {
        await assertUntouched(resource, second)
        return
      }
      const [entered] = (await early) ?? []
      const based = entered?.status === 'fulfilled' ? entered.value : await second.enterAndRead(holder(36n), KEY)
      await second.write(holder(36n), { key: KEY, based, value: based + 1 })
      const commits = await resource.commits()
      assert.deepEqual([commits.length, lostUpdates(commits), tokensGoneBack(commits)], [2, 0, 0])
      await assertStale(afterNestedRollback(first, holder(35n), { key: KEY, based: 2, value: 3 }), 35n, 36n)
    },
    { needs: 'transaction' },
  ),

  guardCase('without enter, holders with worthless leases lose updates: the workload can see it', async (resource) => {
    const { commits } = await runWorkload(resource, { entering: false })
    assert.ok(lostUpdates(commits) > 0, 'the workload must be hard enough to lose updates')
  }),

  guardCase('with enter, holders with worthless leases lose nothing', async (resource) => {
    const { commits, accepted, refused } = await runWorkload(resource, { entering: true })
    assert.equal(lostUpdates(commits), 0)
    assert.equal(tokensGoneBack(commits), 0)
    assert.equal(commits.length, accepted, 'each accepted write is there once')
    assert.ok(accepted > 0 && refused > 0, 'some get through and some are refused')
  }),

  guardCase(
    'an error of the work is thrown on as it is and leaves no trace, not even a raised mark',
    async (resource, first, second) => {
      const failure = new Error('sold out')
      const fail = (): never => {
        throw failure
      }
      for (const hooks of [{ before: fail }, { after: fail }]) {
        const error: unknown = await first
          .write(holder(35n), { key: KEY, based: 0, value: 1 }, hooks)
          .catch((reason: unknown) => reason)
        assert.equal(error, failure)
        await assertUntouched(resource, second)
      }
      await second.enter(holder(34n))
    },
    { needs: 'transaction' },
  ),
]
