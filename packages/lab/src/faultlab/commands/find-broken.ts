/**
 * `holdfast lab find-broken`: every known-bad lock, one run each, and after how many seconds which promise was seen broken;
 * and the same lock without a mistake, in which nothing may be found. A lab that misses one is blind.
 */
import { join } from 'node:path'
import { UsageError } from '@holdfast/testbed/command-line'
import type { Property, Violation } from '../../judge/violation.ts'
import type { LabCall } from '../lab-call.ts'
import { freeFolder, parse, settingsOf } from '../options.ts'
import { writeFiles } from '../report/files.ts'
import { playRun } from '../run.ts'
import { flaws, isFlaw } from '../traffic/flaws.ts'
import { exitCodes, type LabVerdict } from '../verdict.ts'

const OUT_DEFAULT = 'holdfast-lab'
const FOR_DEFAULT = '20s'
const SEED_DEFAULT = '1'
const UNDER_DEFAULT = 'pause,kill'
const CONTROL = 'none'

interface Trial {
  readonly name: string
  readonly place: string
}

export interface Found {
  readonly lock: string
  readonly store: string
  readonly faults: string
  /** In the order in which they were seen, each with the seconds from the first event to the first violation. */
  readonly broken: readonly { readonly property: Property; readonly afterS: number }[]
  readonly grants: number
  /** It is as it should be: found by what it should be found by, or nothing found in the control. */
  readonly asExpected: boolean
  readonly judged: boolean
}

export async function findBrokenCommand(call: LabCall): Promise<number> {
  const options = { for: 'text', store: 'text', seed: 'text', out: 'text', only: 'text', json: 'flag' } as const
  const { values } = parse('find-broken', call.args, options)
  const trials = trialsOf(values.only, values.store)
  const out = freeFolder(values.out ?? join(OUT_DEFAULT, `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-broken`))
  const found: Found[] = []
  for (const trial of trials) {
    const one = await attempt(trial, { forText: values.for ?? FOR_DEFAULT, seed: values.seed ?? SEED_DEFAULT, out })
    found.push(one)
    call.stderr.write(`${lineOf(one)}\n`)
  }
  if (values.json === true) call.stdout.write(`${JSON.stringify({ v: 1, found })}\n`)
  else call.stdout.write(summaryOf(found))
  if (found.some(({ judged, asExpected }) => judged && !asExpected)) return exitCodes.violated
  return found.every(({ judged }) => judged) ? exitCodes.held : exitCodes.notJudged
}

function trialsOf(only: string | undefined, store: string | undefined): Trial[] {
  if (only !== undefined && !isFlaw(only)) {
    throw new UsageError(`--only must be one of ${Object.keys(flaws).join(', ')}`)
  }
  const place = store?.replace(/:$/, '')
  const trials = Object.entries(flaws)
    .filter(([name]) => only === undefined || name === only)
    .flatMap(([name, { on }]) => on.map((each) => ({ name, place: each })))
    .filter((trial) => place === undefined || trial.place === place)
  if (trials.length > 0) return trials
  throw new UsageError(
    `there is no such broken lock on ${place}:; the run starts the store, so give sqlite:, redis:, redlock: or etcd:`,
  )
}

interface Conditions {
  readonly forText: string
  readonly seed: string
  readonly out: string
}

async function attempt({ name, place }: Trial, { forText, seed, out }: Conditions): Promise<Found> {
  const flaw = isFlaw(name) ? flaws[name] : flaws[CONTROL]
  const faults = flaw.under ?? UNDER_DEFAULT
  const values = { broken: name, store: `${place}:`, faults, for: forText, seed, out: join(out, `${name}-${place}`) }
  const { settings } = await settingsOf(values, {})
  const { events, verdict } = await playRun(settings)
  writeFiles(settings, verdict, events)
  const broken = firstOfEach(verdict.violations)
  const asExpected =
    name === CONTROL ? broken.length === 0 : broken.some(({ property }) => flaw.finds.includes(property))
  return {
    lock: name,
    store: place,
    faults,
    broken,
    grants: verdict.grants,
    asExpected,
    judged: isJudged({ name, asExpected, result: verdict.result }),
  }
}

/** Too little was seen to say that there is nothing; it is no matter where a broken lock was found all the same. */
export function isJudged({ name, asExpected, result }: Judging): boolean {
  return result !== 'notJudged' || (asExpected && name !== CONTROL)
}

interface Judging {
  readonly name: string
  readonly asExpected: boolean
  readonly result: LabVerdict['result']
}

export function firstOfEach(violations: readonly Violation[]): Found['broken'] {
  const first = new Map<Property, number>()
  for (const { property, atNs } of violations) {
    first.set(property, Math.min(first.get(property) ?? Number.POSITIVE_INFINITY, atNs))
  }
  return [...first]
    .map(([property, atNs]) => ({ property, afterS: Math.round(atNs / 1e8) / 10 }))
    .toSorted((a, b) => a.afterS - b.afterS)
}

function lineOf({ lock, store, broken, grants, asExpected, judged }: Found): string {
  const seen = broken.map(({ property, afterS }) => `${property} after ${afterS.toFixed(1)} s`).join(', ')
  const nothing = lock === CONTROL ? 'nothing, as it should be' : 'NOT FOUND'
  const words = seen === '' ? nothing : `${asExpected ? '' : 'NOT AS EXPECTED: '}${seen}`
  return `${lock.padEnd(20)} ${store.padEnd(7)} ${judged ? words : 'could not judge'} (${grants} grants)`
}

function summaryOf(found: readonly Found[]): string {
  const bad = found.filter(({ lock }) => lock !== CONTROL)
  const control = found.filter(({ lock }) => lock === CONTROL)
  const clean = control.filter(({ asExpected, judged }) => asExpected && judged).length
  const times = bad.filter(({ asExpected }) => asExpected).map(({ broken }) => broken[0]?.afterS ?? 0)
  const slowest = times.length === 0 ? '' : `, the slowest after ${Math.max(...times).toFixed(1)} s`
  const lines = found.map((one) => lineOf(one))
  return `${lines.join('\n')}\n${times.length} of ${bad.length} broken locks were found${slowest}; ${clean} of ${control.length} controls were clean.\n`
}
