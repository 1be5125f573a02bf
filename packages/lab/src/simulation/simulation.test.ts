import { describe, expect, it } from 'vitest'
import { type Run, simulate } from './run.ts'

const SEEDS = 200
const SEEDS_PER_TEST = 25
/** A block takes 5 s on an idle core. */
const BLOCK_MS = 120_000

const blocks = Array.from({ length: SEEDS / SEEDS_PER_TEST }, (_, index) => index * SEEDS_PER_TEST + 1)

const DEEDS = new Set('pause resume crash cut mend freeze thaw step-wall evict close heal'.split(' '))

function complaint({ seed, verdict }: Run): string[] {
  const repeat = `npm run simulate -- --seed ${seed}`
  return verdict.violations.map(({ property, p, k, text }) => `${property} ${p} ${k}: ${text} (${repeat})`)
}

describe('the simulation', () => {
  it('repeats a run event by event from its seed', async () => {
    const [one, again, other] = [await simulate(7), await simulate(7), await simulate(8)]
    expect(one.history.length).toBeGreaterThan(1_000)
    expect(again.history).toEqual(one.history)
    expect(other.history).not.toEqual(one.history)
  })

  it('leaves Math.random as it was', async () => {
    const original = Math.random
    await simulate(9)
    expect(Math.random).toBe(original)
  })

  it.each(blocks)(
    `keeps every promise in ${SEEDS_PER_TEST} runs from seed %i`,
    async (first) => {
      let [grants, refusals] = [0, 0]
      const kinds = new Set<string>()
      for (let seed = first; seed < first + SEEDS_PER_TEST; seed += 1) {
        const run = await simulate(seed)
        expect(complaint(run)).toEqual([])
        grants += run.verdict.grants
        refusals += run.verdict.refusals
        for (const event of run.history) if (event.f === 'nemesis') kinds.add(String(event.in?.['kind']))
      }
      // A run in which nothing happens proves nothing.
      expect(grants).toBeGreaterThan(SEEDS_PER_TEST * 100)
      expect(refusals).toBeGreaterThan(0)
      expect(kinds).toEqual(DEEDS)
    },
    BLOCK_MS,
  )
})
