/** Single flight on every store of this machine. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lease } from '../../lease/lease.ts'
import type { StoreCase } from '../every-store.fixture.ts'
import { type Cached, type FlightCache, singleFlight } from './index.ts'

export const singleFlightCase: StoreCase = {
  name: 'a value is computed by one of three clients, and the others are given it',
  async body({ client, expect }) {
    const entries = new Map<string, Cached<number>>()
    const cache: FlightCache<number> = {
      get: (key) => entries.get(key),
      set: (key, entry) => void entries.set(key, entry),
    }
    let loads = 0
    const compute = async (lease: Lease | null): Promise<number> => {
      expect(lease?.isHeld()).toBe(true)
      await sleep(50)
      return (loads += 1)
    }
    const calls = [client(), client(), client()].map((locks) =>
      singleFlight<number>(locks, 'maps', { cache, fresh: '1m', wait: '10s', eagerness: 0 }).get('seats', (lease) =>
        compute(lease),
      ),
    )
    expect(await Promise.all(calls)).toEqual([1, 1, 1])
    expect(entries.get('seats')?.token).toBeGreaterThan(0n)
  },
}
