/** A rate on every store of this machine. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoreCase } from '../every-store.fixture.ts'
import { rateLimit } from './index.ts'
import { rateDenial } from './permit-support.ts'

const PER_MS = 400
/** As many as the page promises for a line that is one record. */
const MANY = 150
const LIMIT = 3

export const rateCase: StoreCase = {
  name: 'a rate is kept by two clients in any span, or refused with the reason',
  async body({ client, facts, expect }) {
    const rates = [client(), client()].map((locks) => rateLimit(locks, 'mail', { limit: LIMIT, per: PER_MS }))
    const [here, there] = rates
    if (here === undefined || there === undefined) throw new Error('no client')
    if (rateDenial(facts, PER_MS) !== undefined) {
      await expect(here.tryTake()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
      return
    }
    const grants: { readonly askedMs: number; readonly toldMs: number }[] = []
    const endsMs = performance.now() + 3 * PER_MS
    // Where a question takes long, a span of them is not enough.
    while (performance.now() < endsMs || grants.length <= LIMIT) {
      for (const rate of rates) {
        const askedMs = performance.now()
        const answer = await rate.tryTake()
        if (answer.allowed) grants.push({ askedMs, toldMs: performance.now() })
      }
      await sleep(5)
    }
    // The moment of a grant lies between the question and the answer.
    grants.forEach(({ askedMs }, index) => {
      const next = grants[index + LIMIT]
      if (next !== undefined) expect(next.toldMs - askedMs).toBeGreaterThanOrEqual(PER_MS)
    })
    expect(grants.length).toBeGreaterThan(LIMIT)
  },
}

export const manyPermitsCase: StoreCase = {
  name: 'a hundred and fifty permits of one span find room, and no more',
  async body({ client, facts, expect }) {
    if (rateDenial(facts, PER_MS) !== undefined) return
    const rate = rateLimit(client(), 'many', { limit: MANY, per: '1h' })
    for (let taken = 0; taken < MANY; taken += 1) expect(await rate.tryTake()).toEqual({ allowed: true, limited: true })
    const refused = await rate.tryTake()
    expect(refused).toMatchObject({ allowed: false })
    expect(refused.allowed ? 0 : refused.retryAfterMs).toBeGreaterThan(3_500_000)
  },
}
