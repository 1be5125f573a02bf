/**
 * Between the library and the store: writes down places in line and renewals as the store answers them, which no caller
 * of the library sees and the checks F and R need. It changes nothing.
 */
import { NotApplied, type Standing, type Store } from 'holdfast'
import { aroundStore } from 'holdfast/testing'
import type { Detail } from '@holdfast/testbed/history'
import type { Notes, StoreCall } from '../traffic/contender.ts'

/** A grant that was pushed to a claim and not heard of ends after this long, or after its ttl; then the next ask stands in line anew. */
const PUSHED_LIFE_MS = 3_000

export function recordedStore(store: Store, notes: Notes): Store {
  const idOf = claimNumbers()
  return aroundStore(store, (open) => ({
    leave(ref, options) {
      notes.left(lockOf(ref.resource), idOf(ref.id))
      return open.leave(ref, options)
    },
    async enter(claim) {
      const input = { id: idOf(claim.id), keptMs: Math.min(claim.ttlMs, PUSHED_LIFE_MS) }
      const call = notes.call('enqueue', lockOf(claim.resource), input)
      const standing = await ending(call, () => open.enter(claim))
      call.ok(detailOf(standing))
      return standing
    },
    async renew(renewals) {
      notes.beforeRenewal()
      const calls = renewals.map(({ ref }) => {
        const lock = lockOf(ref.resource)
        // A waiter that is renewed asks for its place, and may be told that it holds.
        return ref.token === undefined
          ? notes.call('enqueue', lock, { id: idOf(ref.id) })
          : notes.call('renew', lock, { token: String(ref.token) })
      })
      const answers = await ending({ fail: failAll(calls), info: infoAll(calls) }, () => open.renew(renewals))
      for (const [index, answer] of answers.entries()) {
        const call = calls[index]
        if (answer instanceof Error) endWith(call, answer)
        else if (renewals[index]?.ref.token === undefined || answer.kind === 'held') call?.ok(detailOf(answer))
        else call?.fail(new Gone())
      }
      return answers
    },
    async watch(ref, signal) {
      const news = await open.watch(ref, signal)
      if (news.kind === 'held') {
        notes.call('enqueue', lockOf(ref.resource), { id: idOf(ref.id) }).ok(detailOf(news))
      }
      return news
    },
  }))
}

/** The code of a renewal to which the store answered that the lease is no more. */
export const GONE = 'GONE'

class Gone extends Error {
  readonly code = GONE
}

type Unanswered = Pick<StoreCall, 'fail' | 'info'>

async function ending<T>(call: Unanswered, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    endWith(call, error)
    throw error
  }
}

/** Only one error says that nothing was done. */
function endWith(call: Unanswered | undefined, error: unknown): void {
  if (error instanceof NotApplied) call?.fail(error)
  else call?.info()
}

const failAll =
  (calls: readonly StoreCall[]) =>
  (error: unknown): void =>
    calls.forEach((call) => call.fail(error))

const infoAll = (calls: readonly StoreCall[]) => (): void => calls.forEach((call) => call.info())

/** Claim ids are secrets of their owners, so a history has numbers. */
function claimNumbers(): (id: string) => string {
  const numbers = new Map<string, string>()
  return (id) => {
    const known = numbers.get(id) ?? `${process.pid}-${numbers.size + 1}`
    numbers.set(id, known)
    return known
  }
}

/** The lab uses plain names, which the encoding leaves as they are. */
function lockOf(resource: string): string {
  return resource.slice(resource.indexOf('!') + 1)
}

function detailOf(standing: Standing): Detail {
  if (standing.kind === 'held') return { standing: 'held', token: String(standing.token) }
  if (standing.kind === 'queued' && standing.lifeMs !== undefined)
    return { standing: 'queued', lifeMs: Math.floor(standing.lifeMs) }
  return { standing: standing.kind }
}
