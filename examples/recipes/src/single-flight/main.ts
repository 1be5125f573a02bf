/**
 * Ten processes need one value that takes 50 ms and that is in no cache. `node main.ts without` shows what a cache alone does;
 * `node main.ts with` what `singleFlight` in front of the same cache does. The processes are clients here.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { holdfast } from 'holdfast'
import { memory, memoryEngine } from 'holdfast/memory'
import { type Cached, type FlightCache, singleFlight } from 'holdfast/single-flight'

const PROCESSES = 10
const COMPUTE_MS = 50

const [way = 'with'] = process.argv.slice(2)
const engine = memoryEngine()
const entries = new Map<string, Cached<string>>()
const cache: FlightCache<string> = {
  get: (key) => entries.get(key),
  set: (key, entry) => void entries.set(key, entry),
}
let computed = 0

async function compute(): Promise<string> {
  await sleep(COMPUTE_MS)
  computed += 1
  return 'the map of all seats'
}

async function answer(): Promise<void> {
  if (way === 'with') {
    const locks = holdfast(memory(engine))
    await singleFlight(locks, 'maps', { cache, fresh: '1m' }).get('seats', () => compute())
    await locks.close()
  } else if (cache.get('seats') === undefined) {
    const value = await compute()
    await cache.set(
      'seats',
      { value, madeAtMs: Date.now(), tookMs: COMPUTE_MS, token: 0n },
      { keepMs: 60_000, lease: null },
    )
  }
}

await Promise.all(Array.from({ length: PROCESSES }, answer))
console.log(
  `${way} singleFlight: ${PROCESSES} processes, ${computed} ${computed === 1 ? 'computation' : 'computations'}`,
)
