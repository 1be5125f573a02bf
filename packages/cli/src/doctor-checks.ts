/** The checks of `holdfast doctor`: a few real locks, timed, through the public interface and nothing else. */
import type { Facts, Locks } from 'holdfast'
import { type Checked, figure, type Figures, type Finding, quantile, rounded } from './doctor-report.ts'

export interface Patient {
  readonly facts: Facts
  /** Two clients, each with a connection of its own. */
  readonly one: Locks
  readonly other: Locks
  /** A client whose renewals and releases are lost: to the store it is a process that died. */
  readonly dying: Locks
}

/** Rounds end at this count or after this time, whichever comes first. */
const ROUNDS = 200
const ROUNDS_MS = 1_500
const HAND_OFFS = 30
/** The shortest ttl that is tried: long enough for a busy machine, short enough to wait for. */
const SHORT_TTL_MS = 600
const RENEWAL_TTLS = 3
/** Slower than this, a lock is felt by people and a short ttl cannot be renewed in peace. */
const SLOW_MS = 100
/** A waiter that is told at once is ten times faster than one that polls. */
const SLOW_HAND_OFF_MS = 250
/** A renewal is due at a third of the life; later than half, one lost answer ends the lease. */
const LATE_SHARE = 1 / 6
/** What a working time service stays far below. */
const CLOCK_MS_MAX = 1_000
const TOKEN_NAME = 'tokens'

type Check = (patient: Patient, tokens: bigint[]) => Promise<Checked>

/** In this order, because the tokens of every grant on one name are checked last. */
export const checks: readonly (readonly [name: string, check: Check])[] = [
  ['uncontended', uncontended],
  ['handOff', handOff],
  ['renewal', renewal],
  ['expiry', expiry],
  ['tokens', async (_patient, tokens) => rising(tokens)],
  ['clock', clock],
]

async function uncontended({ one }: Patient, tokens: bigint[]): Promise<Checked> {
  const [acquires, releases]: [number[], number[]] = [[], []]
  const endsAtMs = performance.now() + ROUNDS_MS
  while (acquires.length < ROUNDS && performance.now() < endsAtMs) {
    const startedMs = performance.now()
    const lease = await one.acquire(TOKEN_NAME)
    const heldMs = performance.now()
    await lease.release()
    acquires.push(heldMs - startedMs)
    releases.push(performance.now() - heldMs)
    tokens.push(lease.token)
  }
  const p99Ms = quantile(acquires, 0.99)
  const seen =
    `acquire p50 ${figure(quantile(acquires, 0.5))}, p99 ${figure(p99Ms)}; ` +
    `release p50 ${figure(quantile(releases, 0.5))}, p99 ${figure(quantile(releases, 0.99))} (${acquires.length} rounds)`
  const slow = `Each lock costs a round trip of this length. Put the store nearer, and take a ttl of at least ${figure(p99Ms * 30)}.`
  return {
    figures: { rounds: acquires.length, ...spread('acquire', acquires), ...spread('release', releases) },
    findings: [finding('uncontended', seen, p99Ms > SLOW_MS ? ['note', slow] : undefined)],
  }
}

/** From the release of one client to the grant of the other. */
async function handOff({ one, other, facts }: Patient, tokens: bigint[]): Promise<Checked> {
  const times: number[] = []
  const endsAtMs = performance.now() + ROUNDS_MS
  for (const [holder, waiter] of pairs(one, other)) {
    if (performance.now() > endsAtMs) break
    const lease = await holder.acquire(TOKEN_NAME)
    const isWaiting = Promise.withResolvers<undefined>()
    const stop = waiter.on('waiting', () => isWaiting.resolve(undefined))
    const turn = waiter.acquire(TOKEN_NAME).then((next) => ({ next, atMs: performance.now() }))
    await Promise.race([isWaiting.promise, turn])
    stop()
    const releasedMs = performance.now()
    await lease.release()
    const { next, atMs } = await turn
    await next.release()
    times.push(atMs - releasedMs)
    tokens.push(lease.token, next.token)
  }
  const p50Ms = quantile(times, 0.5)
  const how = facts.wakeUp === 'push' ? 'pushed' : 'polled'
  const seen = `p50 ${figure(p50Ms)}, p99 ${figure(quantile(times, 0.99))} between two clients, ${how} (${times.length} rounds)`
  const slow =
    facts.wakeUp === 'push'
      ? 'Pushes seem to be lost, and waiters find out by their timers: look for a proxy or a firewall between here and the store.'
      : 'This store can only be polled. For a lock that changes hands often, take one that pushes.'
  return {
    figures: { rounds: times.length, ...spread('', times) },
    findings: [finding('hand-off', seen, p50Ms > SLOW_HAND_OFF_MS ? ['note', slow] : undefined)],
  }
}

async function renewal({ one, facts }: Patient, tokens: bigint[]): Promise<Checked> {
  const ttlMs = shortTtl(facts)
  const late: number[] = []
  let failures = 0
  const lease = await one.acquire(TOKEN_NAME, { ttl: ttlMs })
  const stops = [
    one.on('renewed', ({ lateMs }) => late.push(lateMs)),
    one.on('jeopardy', () => {
      failures += 1
    }),
  ]
  await new Promise((resolve) => setTimeout(resolve, ttlMs * RENEWAL_TTLS))
  const isHeld = lease.isHeld()
  for (const stop of stops) stop()
  if (isHeld) tokens.push(lease.token)
  await lease.release()
  const worstMs = Math.max(0, ...late)
  const seen = `a lease of ${figure(ttlMs)} was ${isHeld ? 'kept' : 'LOST'} for ${figure(ttlMs * RENEWAL_TTLS)}: ${late.length} renewals, the latest ${figure(worstMs)} after its time, ${failures} failed`
  const figures: Figures = { ttlMs, renewals: late.length, failures, worstLateMs: rounded(worstMs), held: isHeld }
  const lost =
    'Renewals do not come through in time. Take a longer ttl, and look for pauses of this machine and of the store.'
  const close = 'This machine or this process pauses: take a ttl of several seconds.'
  const trouble: Trouble = !isHeld
    ? ['problem', lost]
    : worstMs > ttlMs * LATE_SHARE || failures > 0
      ? ['note', close]
      : undefined
  return { figures, findings: [finding('renewal', seen, trouble)] }
}

/** A holder that falls silent must know before the next one is let in, and the next one must be let in soon after. */
async function expiry({ dying, other, facts }: Patient, tokens: bigint[]): Promise<Checked> {
  if (facts.ttl.per === 'session') {
    const seen = 'not tried: here a lease ends with its session, which this command cannot let die'
    return { figures: {}, findings: [{ level: 'ok', check: 'expiry', seen }] }
  }
  const ttlMs = shortTtl(facts)
  const lease = await dying.acquire(TOKEN_NAME, { ttl: ttlMs })
  const grantedMs = performance.now()
  let toldMs: number | undefined
  lease.signal.addEventListener('abort', () => {
    toldMs = performance.now()
  })
  const next = await other.acquire(TOKEN_NAME, { wait: ttlMs * 10 })
  const nextMs = performance.now() - grantedMs
  // By its own clock and not by its timer, which a busy machine delays.
  const overlap = lease.isHeld()
  tokens.push(lease.token, next.token)
  await next.release()
  const seen =
    `a silent holder (ttl ${figure(ttlMs)}) ${overlap ? 'still believed in its lock' : `was told after ${figure((toldMs ?? performance.now()) - grantedMs)}`}` +
    `, and the next one got the lock after ${figure(nextMs)}`
  const both = 'The clock that judges expiry runs fast or was set forward: see the facts above, and use a guard.'
  const slow = `Waiters wait ${figure(nextMs)} for a dead holder with this ttl; see "expiry" in the facts.`
  const trouble: Trouble = overlap ? ['problem', both] : nextMs > ttlMs * 3 ? ['note', slow] : undefined
  return { figures: { ttlMs, nextMs: rounded(nextMs), overlap }, findings: [finding('expiry', seen, trouble)] }
}

/** In the order of the grants, because each was released or had expired before the next. */
export function rising(tokens: readonly bigint[]): Checked {
  const fall = tokens.findIndex((token, index) => index > 0 && token <= (tokens[index - 1] ?? 0n))
  const seen =
    fall < 0
      ? `${tokens.length} grants in a row, each with a higher token`
      : `token ${tokens[fall]} was granted after token ${tokens[fall - 1]}`
  const advice =
    'Guards cannot tell old from new here. Do not use this store for anything that matters; see "breaks tokens" in the facts.'
  return {
    figures: { grants: tokens.length, rising: fall < 0 },
    findings: [finding('tokens', seen, fall < 0 ? undefined : ['problem', advice])],
  }
}

/** Two fresh names: where their tokens move as time does, the tokens are the store's clock, and it can be compared. */
async function clock({ one }: Patient): Promise<Checked> {
  const first = await readingOf(one, 'clock:1')
  await new Promise((resolve) => setTimeout(resolve, 200))
  const second = await readingOf(one, 'clock:2')
  const passedMs = second.hereMs - first.hereMs
  const follows = Math.abs(second.tokenMs - first.tokenMs - passedMs) < passedMs / 2
  if (!follows) {
    const seen = 'not known: the tokens of this store do not follow a clock at the moment'
    return { figures: { known: false }, findings: [{ level: 'ok', check: 'clock', seen }] }
  }
  const aheadMs = second.tokenMs - second.hereMs
  const seen = `tokens are ${figure(Math.abs(aheadMs))} ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine's wall clock (± ${figure(second.errorMs)})`
  const advice =
    'Run a time service (NTP) here and at the store. Guards refuse a token more than a day ahead of their clock.'
  const isFar = Math.abs(aheadMs) - second.errorMs > CLOCK_MS_MAX
  return {
    figures: { known: true, aheadMs: rounded(aheadMs), errorMs: second.errorMs },
    findings: [finding('clock', seen, isFar ? ['problem', advice] : undefined)],
  }
}

async function readingOf(
  locks: Locks,
  name: string,
): Promise<{ readonly tokenMs: number; readonly hereMs: number; readonly errorMs: number }> {
  const beforeMs = Date.now()
  const lease = await locks.acquire(name)
  const afterMs = Date.now()
  await lease.release()
  return {
    tokenMs: Number(lease.token) / 1_000,
    hereMs: (beforeMs + afterMs) / 2,
    errorMs: Math.max(1, (afterMs - beforeMs) / 2),
  }
}

type Trouble = readonly [level: 'note' | 'problem', advice: string] | undefined

function finding(check: string, seen: string, trouble: Trouble): Finding {
  return trouble === undefined ? { level: 'ok', check, seen } : { level: trouble[0], check, seen, advice: trouble[1] }
}

function* pairs(one: Locks, other: Locks): Generator<readonly [Locks, Locks]> {
  for (let round = 0; round < HAND_OFFS; round += 1) yield round % 2 === 0 ? [one, other] : [other, one]
}

function shortTtl({ ttl }: Facts): number {
  return Math.max(SHORT_TTL_MS, Math.ceil(ttl.minMs))
}

function spread(what: string, values: readonly number[]): Figures {
  const name = (share: string): string => (what === '' ? `${share}Ms` : `${what}${share.toUpperCase()}Ms`)
  return { [name('p50')]: rounded(quantile(values, 0.5)), [name('p99')]: rounded(quantile(values, 0.99)) }
}
