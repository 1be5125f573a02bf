/**
 * Eight calls just before the edge of a window of 400 ms, and eight just after it; four in 400 ms are meant to pass. `node main.ts
 * without` counts by fixed windows; `node main.ts with` asks `rateLimit`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { holdfast } from 'holdfast'
import { memory } from 'holdfast/memory'
import { rateLimit } from 'holdfast/rate-limit'

const LIMIT = 4
const PER_MS = 400
const CALLS = 8
const BEFORE_EDGE_MS = 50

const [way = 'with'] = process.argv.slice(2)
const locks = holdfast(memory())
const rate = rateLimit(locks, 'mail', { limit: LIMIT, per: PER_MS })
const counts = new Map<number, number>()
let passed = 0

async function passes(): Promise<boolean> {
  if (way === 'with') return (await rate.tryTake()).allowed
  const window = Math.floor(Date.now() / PER_MS)
  const count = (counts.get(window) ?? 0) + 1
  counts.set(window, count)
  return count <= LIMIT
}

async function burst(): Promise<void> {
  for (let call = 0; call < CALLS; call += 1) if (await passes()) passed += 1
}

const edgeMs = (Math.floor((Date.now() + BEFORE_EDGE_MS) / PER_MS) + 1) * PER_MS
await sleep(edgeMs - BEFORE_EDGE_MS - Date.now())
await burst()
await sleep(edgeMs + 1 - Date.now())
await burst()
await locks.close()
console.log(`${way} rateLimit: ${LIMIT} in any 400 ms are meant to pass, ${passed} did`)
