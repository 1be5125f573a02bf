/** What the client does with `NotApplied`, for cases that speak to a store directly: it surely did nothing, so ask again. */
import { sleep, systemClock } from '../time/clock.ts'
import { NotApplied } from '../store/errors.ts'
import { aroundStore } from './around-store.ts'
import type { OpenStore, Renewal, Store } from '../store/store.ts'
import type { RenewAnswer } from '../store/standing.ts'

/** A store that refuses this often does not work. */
const ASKS_MAX = 200
const PAUSE_MS_MAX = 10
/** A store in this process answers without a turn of the event loop, and would keep the cases beside it from renewing. */
const ASKS_PER_TURN = 8

let asked = 0

export function askingAgain(store: Store): Store {
  const asked = aroundStore(store, (open) => ({
    enter: (claim) => again(() => open.enter(claim)),
    renew: (renewals) => renewAgain(open, renewals),
    look: (resource) => again(() => open.look(resource)),
    leave: (ref, options) => again(() => open.leave(ref, options)),
    list: (prefix, cursor, limit) => again(() => open.list(prefix, cursor, limit)),
    evict: (resource, token, reason) => again(() => open.evict(resource, token, reason)),
  }))
  return { open: (environment) => again(() => asked.open(environment)) }
}

async function again<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let asks = 1; ; asks += 1) {
    try {
      asked += 1
      if (asked % ASKS_PER_TURN === 0) await sleep(systemClock, 0)
      return await ask()
    } catch (error) {
      if (!(error instanceof NotApplied) || asks >= ASKS_MAX) throw error
      await sleep(systemClock, Math.random() * PAUSE_MS_MAX)
    }
  }
}

/** Only those of a batch that were not applied are asked for again. */
async function renewAgain(store: OpenStore, renewals: readonly Renewal[]): Promise<readonly RenewAnswer[]> {
  const answers = [...(await again(() => store.renew(renewals)))]
  for (const [index, answer] of answers.entries()) {
    const renewal = renewals[index]
    if (!(answer instanceof NotApplied) || renewal === undefined) continue
    const one = await again(async () => {
      const [next] = await store.renew([renewal])
      if (next instanceof NotApplied) throw next
      return next
    })
    if (one !== undefined) answers[index] = one
  }
  return answers
}
