/** Carries out one case on one engine: gives it clients and time, and puts everything away afterwards. */
import { newClaimId } from '../store/claim.ts'
import { type Clock, sleep, systemClock } from '../time/clock.ts'
import { resourceOf, resourcePrefixOf } from '../store/names.ts'
import { environmentOf, timersOf } from '../store/environment.ts'
import type { OpenStore, Store } from '../store/store.ts'
import type { Facts } from '../store/facts.ts'
import { askingAgain } from './ask-again.ts'
import { type Case, type Context, exceptionOf } from './case.ts'
import { virtualClock } from './virtual-clock.ts'

/** A kind of store to be tested. */
export interface Bench {
  readonly name: string
  /** `virtual`: the engine judges expiry by the clock its clients are opened with, so no case has to wait. */
  readonly time: 'virtual' | 'real'
  /** An engine for one case. A server may be shared: every case uses names of its own. */
  start(): Promise<Engine>
  /** Cases this store need not pass although its facts do not say so: the exact name of the case, and why. */
  readonly exceptions?: Readonly<Record<string, string>>
}

export interface Engine {
  /** Another client, not opened yet. */
  store(): Store
  /** Called after all clients are closed. */
  stop(): Promise<void>
}

/** Long enough to survive a busy machine, short enough to wait for. */
const REAL_LONG_MS = 60_000
const REAL_SHORT_MS = 1_200
const VIRTUAL_LONG_MS = 600_000
const VIRTUAL_SHORT_MS = 10_000

/** Rejects when the store fails the case. Resolves with the reason when the store is excepted from it. */
export async function runCase(testCase: Case, bench: Bench): Promise<string | undefined> {
  const declared = bench.exceptions?.[testCase.name]
  if (declared !== undefined) return declared
  const engine = await bench.start()
  const opened: OpenStore[] = []
  try {
    const time = timeOf(bench)
    const connect = async (clock: Clock = time.clock): Promise<OpenStore> => {
      const environment = environmentOf(clock, timersOf(clock), new AbortController().signal)
      const store = await askingAgain(engine.store()).open(environment)
      opened.push(store)
      return store
    }
    const first = await connect()
    const exception = exceptionOf(testCase, first.facts)
    if (exception !== undefined) return exception
    await testCase.run(contextOf(time, first.facts, connect))
    return undefined
  } finally {
    for (const store of opened) await store.close()
    await engine.stop()
  }
}

interface CaseTime {
  readonly clock: Clock
  readonly virtual: boolean
  advance(ms: number): Promise<void>
}

function timeOf({ time }: Bench): CaseTime {
  if (time === 'real') {
    return { clock: systemClock, virtual: false, advance: (ms) => sleep(systemClock, ms) }
  }
  const clock = virtualClock()
  return { clock, virtual: true, advance: (ms) => clock.advance(ms) }
}

function contextOf(time: CaseTime, facts: Facts, connect: Context['connect']): Context {
  const namespace = `conformance-${newClaimId().slice(0, 12)}`
  const { granularityMs, minMs, maxMs } = facts.ttl
  const shortMs = time.virtual ? VIRTUAL_SHORT_MS : Math.max(REAL_SHORT_MS, minMs + granularityMs)
  return {
    connect,
    facts,
    clock: time.clock,
    advance: (ms) => time.advance(ms),
    resource: (name = 'lock') => resourceOf(namespace, name),
    prefix: (name = '') => resourcePrefixOf(namespace, name),
    longMs: Math.min(maxMs, time.virtual ? VIRTUAL_LONG_MS : Math.max(REAL_LONG_MS, shortMs)),
    shortMs,
  }
}
