/** Numbered places on every store of this machine. */
import type { StoreCase } from '../every-store.fixture.ts'
import { slots } from './index.ts'

export const slotsCase: StoreCase = {
  name: 'three clients hold three places, and the fourth waits for one',
  async body({ client, facts, expect }) {
    const places = [client(), client(), client(), client()].map((locks) => slots(locks, 'ids', { count: 3 }))
    const taken = await Promise.all(places.slice(0, 3).map((each) => each.acquire()))
    expect(taken.map(({ slot }) => slot).toSorted((one, other) => one - other)).toEqual([0, 1, 2])
    expect(await places[3]?.tryAcquire()).toBe(null)
    const waiting = places[3]?.acquire()
    await taken[1]?.release()
    const next = await waiting
    expect(next?.slot).toBe(taken[1]?.slot)
    expect(next?.token).toBeGreaterThan(taken[1]?.token ?? 0n)
    if (facts.tokenScale === 'clock') expect(next?.notBeforeMs(0)).toBeGreaterThan(0)
    else expect(() => next?.notBeforeMs(0)).toThrow(/do not tell the time/)
  },
}
