/**
 * A history as long as wanted, in which nothing is wrong: processes that take turns on a few locks, wait in line, renew,
 * work on a guarded resource, and are stopped now and then. Only judging it is measured.
 */
import { Random } from '@holdfast/testbed/random'
import type { Detail, HistoryEvent, Phase } from '@holdfast/testbed/history'

const PROCESSES = 8
const LOCKS = 16
/** acquire, enqueue twice, renew, enter, write, release. */
export const OPERATIONS_A_GRANT = 7
const LEASE_NS = 10_000_000_000
const PAUSE_EVERY = 400

/** Seven operations a grant; so many operations, rounded up. */
export function longHistory(operations: number, seed = 1): HistoryEvent[] {
  const random = new Random(seed)
  const writer = new Writer()
  const locks = Array.from({ length: LOCKS }, (_, index) => new Line(`lock-${index}`))
  const grants = Math.ceil(operations / OPERATIONS_A_GRANT)
  for (let grant = 0; grant < grants; grant += 1) {
    const line = locks[grant % LOCKS] as Line
    line.turn(writer, `w${1 + random.below(PROCESSES)}`, random)
    if (grant % PAUSE_EVERY === 0) writer.pause(`w${1 + random.below(PROCESSES)}`, line.nowNs)
  }
  for (const line of locks) line.end(writer)
  writer.signal(
    'nemesis',
    'nemesis',
    '',
    { kind: 'heal', target: 'everything' },
    Math.max(...locks.map(({ nowNs }) => nowNs)),
  )
  return writer.events
}

class Writer {
  readonly events: HistoryEvent[] = []
  readonly #numbers = new Map<string, { events: number; operations: number }>()

  call(p: string, f: string, k: string, input: Detail, atNs: number): (out: Detail, atNs: number) => void {
    const op = (this.#numbersOf(p).operations += 1)
    this.#push(p, { e: 'call', op, f, k, in: input }, atNs)
    return (out, endNs) => this.#push(p, { e: 'ok', op, f, k, out }, endNs)
  }

  signal(p: string, f: string, k: string, input: Detail, atNs: number): void {
    const op = (this.#numbersOf(p).operations += 1)
    this.#push(p, { e: 'sig', op, f, k, in: input }, atNs)
  }

  pause(target: string, atNs: number): void {
    this.signal('nemesis', 'nemesis', '', { kind: 'pause', target }, atNs)
    this.signal('nemesis', 'nemesis', '', { kind: 'resume', target }, atNs + 50_000)
  }

  #push(
    p: string,
    event: { e: Phase; op: number; f: string; k: string; in?: Detail; out?: Detail },
    atNs: number,
  ): void {
    const i = (this.#numbersOf(p).events += 1)
    this.events.push({ i, t: stamp(atNs), p, ...event })
  }

  #numbersOf(p: string): { events: number; operations: number } {
    const known = this.#numbers.get(p) ?? { events: 0, operations: 0 }
    this.#numbers.set(p, known)
    return known
  }
}

class Line {
  nowNs = 0
  readonly #k: string
  readonly #elements: string[] = []
  #grantedNs = 0
  #turns = 0

  constructor(k: string) {
    this.#k = k
  }

  /** Asks while the last one holds, and is granted when that one has left. */
  turn(writer: Writer, p: string, random: Random): void {
    const k = this.#k
    const turn = (this.#turns += 1)
    const token = String(1_700_000_000_000_000 + turn * 1_000)
    const askedNs = this.#grantedNs + 10_000 + random.below(5_000)
    const grantedNs = Math.max(this.nowNs, askedNs + 20_000) + random.below(3_000)
    const at = (ns: number): number => grantedNs + ns
    const acquired = writer.call(p, 'acquire', k, { mode: 'exclusive', weight: 1, capacity: 1 }, askedNs)
    const queued = writer.call(p, 'enqueue', k, { id: `${k}-${turn}`, keptMs: 15_000 }, askedNs + 1_000)
    queued({ standing: 'queued' }, askedNs + 5_000)
    const held = writer.call(p, 'enqueue', k, { id: `${k}-${turn}`, keptMs: 15_000 }, at(-5_000))
    held({ standing: 'held', token }, at(-1_000))
    acquired({ token, validUntil: stamp(askedNs + LEASE_NS) }, at(0))
    writer.call(p, 'enter', k, { token }, at(2_000))({}, at(6_000))
    writer.signal('database', 'commit', k, { cseq: turn * 2, token, kind: 'enter', raises: true }, at(4_000))
    writer.call(p, 'renew', k, { token }, at(7_000))({}, at(9_000))
    writer.signal(p, 'extended', k, { token, validUntil: stamp(at(7_000) + LEASE_NS) }, at(9_500))
    const element = `${k}-${turn}`
    const change = { token, kind: 'write', raises: true, base: turn - 1, version: turn, element }
    writer.call(p, 'write', k, { token, element }, at(10_000))({}, at(14_000))
    writer.signal('database', 'commit', k, { cseq: turn * 2 + 1, ...change }, at(12_000))
    writer.call(p, 'release', k, { token }, at(20_000))({ outcome: 'released' }, at(24_000))
    writer.signal(p, 'left', k, { id: `${k}-${turn}` }, at(25_000))
    this.#elements.push(element)
    this.#grantedNs = grantedNs
    this.nowNs = at(30_000)
  }

  end(writer: Writer): void {
    writer.signal('database', 'final', this.#k, { elements: this.#elements.join(',') }, this.nowNs)
  }
}

/** Far from zero, as in life. */
function stamp(ns: number): string {
  return String(9_000_000_000_000 + ns)
}
