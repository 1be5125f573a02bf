/** `holdfast lab soak --hours H`: rounds until the hours are full, each on a store of its own, then a row in the track record. */
import { resolve } from 'node:path'
import { UsageError, wholeNumber } from '@holdfast/testbed/command-line'
import type { LabCall } from '../lab-call.ts'
import { chosenFaults } from '../faults/choice.ts'
import { duration, environmentOptions, parse, SEED, storeOf, ttlMsFor } from '../options.ts'
import { exitCodes } from '../verdict.ts'
import { commitOfLab } from '../soak/commit.ts'
import { soak } from '../soak/soak.ts'
import { type Common, keep, livedMs, type SoakState, stateIn } from '../soak/state.ts'
import { checkRecord, recordIn, rowOf } from '../soak/track-record.ts'

const HOURS_MAX = 1_000
const options = {
  hours: 'text',
  out: 'text',
  seed: 'text',
  round: 'text',
  faults: 'text',
  record: 'text',
  store: 'text',
  persistence: 'text',
  resource: 'text',
} as const

export async function soakCommand({ args, stdout, stderr }: LabCall): Promise<number> {
  const { values } = parse('soak', args, options)
  const hours = Number(values.hours)
  if (!(hours > 0 && hours <= HOURS_MAX)) {
    throw new UsageError(`--hours must be a number of more than 0 and up to ${HOURS_MAX}`)
  }
  const record = values.record === undefined ? undefined : resolve(values.record)
  if (record !== undefined) checkRecord(record)
  const folder = resolve(values.out ?? 'holdfast-lab/soak')
  const before = stateIn(folder, commitOfLab(), await commonOf(values, folder, stderr))
  if (before.rounds.length > 0) {
    stderr.write(`goes on after ${(livedMs(before.rounds) / 60_000).toFixed(1)} min in ${folder}\n`)
  }
  const state = await soak({
    folder,
    hours,
    from: before,
    onRound: ({ seed, text }) => void stderr.write(`seed ${seed}: ${text}\n`),
  })
  if (record !== undefined) {
    const recorded = recordIn(record, state)
    if (recorded === undefined) stderr.write(`no new round: all of them have their row in ${record}\n`)
    else keep(folder, recorded)
  }
  stdout.write(`${rowOf(state)}\n`)
  return exitCodeOf(state)
}

interface Values {
  readonly store?: string | undefined
  readonly faults?: string | undefined
  readonly persistence?: string | undefined
  readonly resource?: string | undefined
  readonly round?: string | undefined
  readonly seed?: string | undefined
}

async function commonOf(values: Values, folder: string, stderr: LabCall['stderr']): Promise<Common> {
  const given = values.store ?? 'sqlite:'
  if (!/^[a-z+]+:$/.test(given)) throw new UsageError('--store of a soak is a scheme alone: every round makes its own')
  const store = { ...storeOf(given, folder), isOwn: true }
  const { names: faults, leftOut } = await chosenFaults(values.faults, { ...store, usesStore: true })
  for (const reason of leftOut) stderr.write(`left out: ${reason}\n`)
  return {
    scheme: store.scheme,
    ...environmentOptions(values, store),
    workers: 6,
    ttlMs: ttlMsFor(store.scheme),
    guard: true,
    faults,
    forMs: duration('round', values.round ?? '60s', { minMs: 5_000, maxMs: 3_600_000 }),
    seed: values.seed === undefined ? 1 : wholeNumber('--seed', values.seed, SEED),
  }
}

function exitCodeOf({ rounds }: SoakState): number {
  const results = new Set(rounds.map(({ result }) => result))
  return results.has('violated') ? exitCodes.violated : results.has('notJudged') ? exitCodes.notJudged : exitCodes.held
}
