/** Incidents that stores without a clock of the engine are put to alike: heartbeats that land or come late, and a frozen process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Proxy } from '@holdfast/testbed/proxy/proxy'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { expect } from 'vitest'
import { holdfast } from '../holdfast.ts'
import { OutcomeUnknown } from '../store/errors.ts'
import type { Store } from '../store/store.ts'
import { again, claim, held } from './claims.fixture.ts'
import type { DatabaseStage } from './stage.fixture.ts'

export interface Incident {
  readonly stage: DatabaseStage
  readonly way: Proxy
  /** Over the way. */
  readonly through: Store
  /** Beside it. */
  readonly direct: Store
  readonly resource: string
}

/** The answer of a heartbeat is lost, and the heartbeat is not: the next one finds the lease as it is. */
export async function landedHeartbeat({ stage, way, through, resource }: Omit<Incident, 'direct'>): Promise<void> {
  const store = await stage.opened(through)
  const first = claim(resource)
  const { token } = held(await store.enter(first))
  way.set({ kind: 'lose-replies' })
  const renewing = store.renew([{ ref: first, ttlMs: 10_000 }])
  await expect.poll(() => way.stats.replies.lostBytes, { timeout: 5_000 }).toBeGreaterThan(0)
  way.set({ kind: 'pass' })
  expect((await renewing)[0]).toBeInstanceOf(OutcomeUnknown)
  const next = await again(async () => {
    const [answer] = await store.renew([{ ref: first, ttlMs: 10_000 }])
    if (answer instanceof Error) throw answer
    return answer
  })
  promised(() => expect(next).toMatchObject({ kind: 'held', token }))
  expect(await again(() => store.leave({ ...first, token }))).toBe('left')
}

/** A heartbeat arrives after the lease was taken away: it brings nothing back, and its holder hears of it. */
export async function lateHeartbeat({ stage, way, through, direct, resource }: Incident): Promise<void> {
  const [store, other] = [await stage.opened(through), await stage.opened(direct)]
  const [first, second] = [claim(resource), claim(resource)]
  const { token } = held(await store.enter(first))
  way.set({ kind: 'hold' })
  const late = store.renew([{ ref: first, ttlMs: 60_000 }])
  await expect.poll(() => way.stats.requests.waitingBytes, { timeout: 2_000 }).toBeGreaterThan(0)
  expect(await other.evict(resource, token, 'a test')).toBe('evicted')
  const next = held(await other.enter(second))
  way.set({ kind: 'pass' })
  expect(await late).toMatchObject([{ kind: 'gone' }])
  const { claims } = await other.look(resource)
  promised(() => {
    expect(next.token).toBeGreaterThan(token)
    expect(claims.filter(({ weight }) => weight > 0)).toMatchObject([{ state: 'held', token: next.token }])
  })
}

export interface HoldingProcess {
  readonly child: ChildProcess
  readonly lines: Interface
  readonly token: bigint
}

/** Another process that holds, once it has said so: the arguments of its `child.fixture.ts` are URL, NAME and TTL_MS. */
export async function holdingProcess(
  stage: DatabaseStage,
  script: URL,
  words: readonly string[],
  environment: object = {},
): Promise<HoldingProcess> {
  const child = spawn(process.execPath, [fileURLToPath(script), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  })
  stage.keep(child, () => void child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })
  const [token] = (await once(lines, 'line')) as [string]
  return { child, lines, token: BigInt(token) }
}

/** A process is frozen for three leases with its renewal in flight: it wakes up lost, and nothing comes back to life. */
export async function frozenHolder(
  { stage, way, direct }: Pick<Incident, 'stage' | 'way' | 'direct'>,
  script: URL,
  [url, name]: readonly [string, string],
): Promise<void> {
  const ttlMs = 1_500
  const { child, lines, token } = await holdingProcess(stage, script, [url, name, String(ttlMs)])
  way.set({ kind: 'hold' })
  await expect.poll(() => way.stats.requests.waitingBytes, { timeout: 5_000, interval: 10 }).toBeGreaterThan(0)
  child.kill('SIGSTOP')
  const frozenAtMs = performance.now()
  const locks = holdfast(direct, { ttl: '20s' })
  stage.keep(locks, () => locks.close())
  const next = await locks.acquire(name, { wait: '30s' })
  promised(() => expect(next.token).toBeGreaterThan(token))
  const leftMs = 3 * ttlMs - (performance.now() - frozenAtMs)
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, leftMs)))
  const ended = once(lines, 'line')
  // What was in flight arrives first.
  way.set({ kind: 'pass' })
  child.kill('SIGCONT')
  expect(await ended).toEqual(['lost'])
  const { claims, lastToken } = await locks.inspect(name)
  promised(() => {
    expect(next.isHeld()).toBe(true)
    expect(claims).toMatchObject([{ state: 'held', token: next.token }])
    expect(lastToken).toBe(next.token)
  })
  await next.release()
}
