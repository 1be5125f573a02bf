/** `holdfast lab judge FILE`: judges a history that was recorded earlier, by this lab or another program. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { judgeRecord } from '../../judge/judge.ts'
import { readHistory, type Record } from '../../judge/record.ts'
import { properties, type Property, type Violation } from '../../judge/violation.ts'
import { UsageError } from '@holdfast/testbed/command-line'
import { type HistoryEvent, parseEvent } from '@holdfast/testbed/history'
import { GRANTS_MIN, graceMs, LATE_MS } from '../expectations.ts'
import type { LabCall } from '../lab-call.ts'
import { duration, parse } from '../options.ts'
import { exitCodes } from '../verdict.ts'

const TTL = { default: '500ms', minMs: 100, maxMs: 24 * 3_600_000 }
const VIOLATIONS_TOLD = 20

interface Read {
  readonly events: readonly HistoryEvent[]
  /** As the header says it; the store decides how long a lock may stand free. */
  readonly store: string
  /** Lines that are neither a header nor an event. */
  readonly foreign: number
  /** What stands last is the beginning of a line: its process was killed while it wrote. */
  readonly torn: boolean
}

interface Judged {
  readonly result: keyof typeof exitCodes
  readonly grants: number
  readonly operations: number
  readonly events: number
  readonly foreign: number
  readonly torn: boolean
  readonly violations: readonly Violation[]
  /** Promises of which this history can show nothing, with the reason. */
  readonly notJudged: readonly string[]
  readonly judgedInMs: number
}

/** What may break under which fault is not known here, so every violation counts. */
export async function judgeCommand({ args, stdout }: LabCall): Promise<number> {
  const { values, words } = parse('judge', args, { ttl: 'text', json: 'flag' }, 1)
  const [file] = words
  if (file === undefined) throw new UsageError('judge takes one history: lab judge FILE')
  const ttlMs = duration('ttl', values.ttl ?? TTL.default, TTL)
  const judged = judgedOf(await readLines(file), ttlMs)
  if (values.json === true) stdout.write(`${JSON.stringify({ v: 1, exitCode: exitCodes[judged.result], ...judged })}\n`)
  else stdout.write(textOf(judged))
  return exitCodes[judged.result]
}

/** Line by line: a long history is larger than any text may be. */
async function readLines(file: string): Promise<Read> {
  const events: HistoryEvent[] = []
  let store = ''
  let foreign = 0
  let torn = false
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    const event = parseEvent(line)
    // Another line follows it, so it was none that was not finished.
    if (torn) foreign += 1
    torn = false
    if (event !== null) events.push(event)
    else if (events.length === 0 && line.startsWith('{"v":1')) store = backendOf(line)
    else if (isCutOff(line)) torn = true
    else if (line.trim() !== '') foreign += 1
  }
  return { events, store, foreign, torn }
}

/** Of a line that was being written, the beginning is there: an object that is not closed. */
function isCutOff(line: string): boolean {
  return line.startsWith('{') && !line.endsWith('}')
}

function backendOf(header: string): string {
  try {
    return String((JSON.parse(header) as { readonly backend?: unknown }).backend ?? '')
  } catch {
    return ''
  }
}

export function judgedOf({ events, store, foreign, torn }: Read, ttlMs: number): Judged {
  const startedMs = performance.now()
  const record = readHistory(events)
  const found = judgeRecord(record, { freeNs: graceMs(store, ttlMs) * 1e6, lateNs: LATE_MS * 1e6 })
  const unseen = unseenIn(record)
  const violations = found.violations.filter(({ property }) => !unseen.has(property))
  const isEnough = found.grants >= GRANTS_MIN && foreign === 0
  const result = violations.length > 0 ? 'violated' : isEnough ? 'held' : 'notJudged'
  return {
    result,
    grants: found.grants,
    operations: record.operations.length,
    events: events.length,
    foreign,
    torn,
    violations,
    notJudged: [...unseen].map(([property, why]) => `${property}: ${why}`),
    judgedInMs: Math.round(performance.now() - startedMs),
  }
}

/** A promise that nothing in the history speaks of is not kept by it. */
function unseenIn({ operations, moments }: Record): ReadonlyMap<Property, string> {
  const done = new Set(operations.map(({ f }) => f))
  const told = new Set(moments.map(({ f }) => f))
  const unseen = new Map<Property, string>()
  if (!told.has('commit')) unseen.set('G', 'no resource told what it committed')
  if (!told.has('final')) unseen.set('L', 'nothing tells what was there in the end')
  if (!told.has('lost-signal')) unseen.set('N', 'no holder was told of a loss')
  if (!done.has('renew')) unseen.set('R', 'no renewal was recorded')
  if (!done.has('enqueue')) unseen.set('F', 'nothing tells who stood in line')
  if (!told.has('leftovers')) unseen.set('S', 'nothing was counted at the end')
  return unseen
}

function textOf({
  result,
  violations,
  grants,
  operations,
  events,
  foreign,
  torn,
  notJudged,
  judgedInMs,
}: Judged): string {
  const extent = `${grants} grants, ${operations} operations, ${events} events`
  const letters = [...new Set(violations.map(({ property }) => property))]
  const answers: { readonly [Result in Judged['result']]: string } = {
    held: `No violation in ${extent}.`,
    violated: `Violated: ${letters.map((letter) => `${letter} (${properties[letter]})`).join(' ')} In ${extent}.`,
    notJudged: `Could not judge: ${foreign > 0 ? 'what is no event may have been one' : `fewer than ${GRANTS_MIN} grants`}. There were ${extent}.`,
  }
  return [
    answers[result],
    ...violations
      .slice(0, VIOLATIONS_TOLD)
      .map(({ property, p, k, atNs, text }) => `  ${property}  ${(atNs / 1e9).toFixed(3)} s  ${p} ${k}: ${text}`),
    ...(violations.length > VIOLATIONS_TOLD ? [`  … and ${violations.length - VIOLATIONS_TOLD} more`] : []),
    ...notJudged.map((text) => `  not judged: ${text}`),
    ...(foreign > 0 ? [`  ${foreign} lines are no events and were left out`] : []),
    ...(torn ? ['  the last line was never finished and was left out'] : []),
    `Judged in ${(judgedInMs / 1000).toFixed(2)} s.`,
    '',
  ].join('\n')
}
