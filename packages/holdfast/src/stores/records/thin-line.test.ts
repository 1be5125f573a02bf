/** Steps on a line of which few rows are loaded, beside the same steps on the whole line: they agree in every answer and leave the same line. */
import { expect, test } from 'vitest'
import type { Claim } from '../../store/claim.ts'
import { emptyLine, type Line, type WaitingClaim } from '../../line/line.ts'
import { enterLine, evictFromLine, leaveLine, type LineStep, type Moment, renewInLine } from '../../line/transition.ts'
import { needsMoreRows, noWaiters, rowChangesOf, thinLineOf, type WaiterRow, type WaiterSummary } from './thin-line.ts'

/** A generator with a seed, so that a failure can be repeated. (mulberry32) */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** A line in a table: holders in the record, waiters as rows. */
class Table {
  record: Line = emptyLine
  summary: WaiterSummary = noWaiters
  readonly rows = new Map<number, WaitingClaim>()
  bundled = 0
  widened = 0
  /** Lines that went back from rows to their record. */
  shrunk = 0
  readonly #inRecordMax: number

  constructor(inRecordMax: number) {
    this.#inRecordMax = inRecordMax
  }

  inOrder(): readonly WaiterRow[] {
    return [...this.rows]
      .sort(([one], [other]) => one - other)
      .map(([sequence, claim], rank) => ({ sequence, rank, claim }))
  }

  step<Answer>(ids: readonly string[], now: Moment, step: (line: Line) => LineStep<Answer>): LineStep<Answer> {
    for (let window = 1; ; window *= 8) {
      const all = this.inOrder()
      expect(this.summary.rows).toBe(all.length)
      const isLoaded = ({ rank, claim }: WaiterRow): boolean =>
        rank < window || ids.includes(claim.id) || claim.endsAtMs <= now.nowMs
      const rest = all.filter((row) => !isLoaded(row))
      const restEndsAtMs = Math.min(Number.MAX_SAFE_INTEGER, ...rest.map(({ claim }) => claim.endsAtMs))
      if (rest.length > 0) this.bundled += 1
      const before = thinLineOf(this.record, { ...this.summary, endsAtMs: restEndsAtMs }, all.filter(isLoaded))
      const done = step(before.line)
      if (needsMoreRows(before, done.line)) {
        this.widened += 1
        continue
      }
      if (done.line !== before.line) {
        const changes = rowChangesOf(before, done.line, this.#inRecordMax)
        if (changes.inRecord.some(({ state }) => state === 'waiting')) this.shrunk += this.summary.rows > 0 ? 1 : 0
        this.record = { lastToken: done.line.lastToken, claims: changes.inRecord }
        this.summary = changes.summary
        for (const sequence of changes.dropped) this.rows.delete(sequence)
        for (const { sequence, claim } of changes.put) this.rows.set(sequence, claim)
      }
      return done
    }
  }

  whole(): readonly string[] {
    const claims = [...this.record.claims, ...this.inOrder().map(({ claim }) => claim)]
    return claims.map(({ id, state, endsAtMs }) => `${id} ${state} ${endsAtMs}`)
  }
}

function claimOf(id: string, weight: number, capacity: number, random: (below: number) => number): Claim {
  const ttlMs = [100, 3_000, 20_000][random(3)] ?? 100
  return { resource: 'n!r', id, weight, capacity, ttlMs, queue: random(8) > 0, lockDelayMs: 0, note: '', owner: '' }
}

function run(seed: number): Table {
  const random = randomFrom(seed)
  const capacity = [1, 1, 3, 1_000][random(4)] ?? 1
  // Every second one as engines do it, with a crowd that comes and goes, and the others with rows from the first waiter on.
  const comesAndGoes = seed % 2 === 0
  const table = new Table(comesAndGoes ? 16 : 0)
  let model: Line = emptyLine
  let nowMs = 1_000_000
  const ids: string[] = []
  const anyId = (): string => ids[random(ids.length)] ?? 'none'
  for (let count = 0; count < 160; count += 1) {
    nowMs += [0, 1, 1, 5, 50, 400, comesAndGoes && count < 40 ? 0 : 3_000][random(7)] ?? 0
    const now: Moment = { nowMs, tokenScaleUs: BigInt(nowMs) * 1_000n }
    const [id, step] = operation(random, {
      ids,
      anyId,
      capacity,
      model,
      now,
      enters: comesAndGoes ? (count < 50 ? 11 : 2) : 6,
    })
    const expected = step(model)
    const done = table.step([id], now, step)
    expect(done.answer, `seed ${seed}, operation ${count}`).toEqual(expected.answer)
    expect(new Set(done.notify.map((claim) => claim.id))).toEqual(new Set(expected.notify.map((claim) => claim.id)))
    model = expected.line
    expect(table.whole(), `seed ${seed}, operation ${count}`).toEqual(
      model.claims.map((claim) => `${claim.id} ${claim.state} ${claim.endsAtMs}`),
    )
  }
  return table
}

interface Scene {
  readonly ids: string[]
  anyId(): string
  readonly capacity: number
  readonly model: Line
  readonly now: Moment
  /** Of twelve operations. */
  readonly enters: number
}

function operation(
  random: (below: number) => number,
  { ids, anyId, capacity, model, now, enters }: Scene,
): readonly [string, (line: Line) => LineStep<unknown>] {
  const dice = random(12)
  if (dice < enters || ids.length === 0) {
    const id = dice === 0 && ids.length > 0 ? anyId() : `id${ids.length}`
    ids.push(id)
    const claim = claimOf(id, 1 + random(Math.min(capacity, 40)), capacity, random)
    return [id, (line) => enterLine(line, claim, 'c', now)]
  }
  const id = anyId()
  if (dice < 7) return [id, (line) => renewInLine(line, { resource: 'n!r', id }, 3_000, undefined, now)]
  if (dice < 11) return [id, (line) => leaveLine(line, { resource: 'n!r', id }, dice === 8 ? 500 : 0, now)]
  const held = model.claims.find(({ state }) => state === 'held')
  const token = held?.state === 'held' ? held.token : 1n
  return [held?.id ?? 'none', (line) => evictFromLine(line, token, 'by the test', now)]
}

test('few rows of a line are as good as all of them, whatever happens to it', () => {
  let [bundled, widened, shrunk] = [0, 0, 0]
  for (let seed = 1; seed <= 250; seed += 1) {
    const table = run(seed)
    bundled += table.bundled
    widened += table.widened
    shrunk += table.shrunk
  }
  // It must have been tried: steps with bundles, steps that had to be run again on more rows, and lines that became short.
  expect(bundled).toBeGreaterThan(5_000)
  expect(widened).toBeGreaterThan(20)
  expect(shrunk).toBeGreaterThan(20)
})
