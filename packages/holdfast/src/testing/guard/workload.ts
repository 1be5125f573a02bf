/**
 * Holders whose leases are worth nothing: all of them believe that they hold the lock, at the same time, and read,
 * compute and write with pauses between. Only the guard stands between them and lost updates.
 */
import { StaleToken } from '../../store/errors.ts'
import { holder } from './case.ts'
import type { Commit, GuardedRegister, GuardedResource } from './register.ts'

export interface WorkloadOptions {
  /** Whether the holders enter before they read. */
  readonly entering: boolean
  /** @default 8 */
  readonly holders?: number
  /** Grants that each holder gets. @default 40 */
  readonly grants?: number
  /** @default 1 */
  readonly seed?: number
}

export interface WorkloadResult {
  readonly commits: readonly Commit[]
  readonly accepted: number
  readonly refused: number
}

const KEY = 'stock'
const PAUSE_TURNS_MAX = 12
/** One long pause in eight: the holder that was thought dead. */
const LONG_PAUSE_FACTOR = 10

export async function runWorkload(resource: GuardedResource, options: WorkloadOptions): Promise<WorkloadResult> {
  const { entering, holders = 8, grants = 40, seed = 1 } = options
  const random = randomFrom(seed)
  let lastToken = 0n
  let accepted = 0
  let refused = 0

  const hold = async (register: GuardedRegister): Promise<void> => {
    lastToken += 1n
    const fenced = holder(lastToken)
    await pause(random)
    try {
      if (entering) await register.enter(fenced)
      await pause(random)
      const based = await register.read(KEY)
      await pause(random)
      await register.write(fenced, { key: KEY, based, value: based + 1 })
      accepted += 1
    } catch (error) {
      if (!(error instanceof StaleToken)) throw error
      refused += 1
    }
  }
  const holdOften = async (): Promise<void> => {
    const register = await resource.connect()
    for (let grant = 0; grant < grants; grant += 1) await hold(register)
  }
  await Promise.all(Array.from({ length: holders }, holdOften))
  return { commits: await resource.commits(), accepted, refused }
}

/** Lets the other holders go on for some turns; no timer, so a synchronous engine runs the same schedule for the same seed. */
async function pause(random: () => number): Promise<void> {
  let turns = Math.floor(random() * PAUSE_TURNS_MAX)
  if (random() < 1 / 8) turns *= LONG_PAUSE_FACTOR
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
}

/** Mulberry32: small, and good enough to shuffle pauses. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
