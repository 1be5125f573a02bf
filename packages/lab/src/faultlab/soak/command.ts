/** `holdfast lab soak --hours H`: rounds until the hours are full, each on a store of its own, then a row in the track record. */
import { resolve } from 'node:path'
import type { LabCall } from '../main.ts'
import { chosenFaults } from '../faults/choice.ts'
import { duration, groundOptions, parse, storeOf, UsageError, whole } from '../options.ts'
import { exitCodes } from '../verdict.ts'
import { appendRow, rowOf } from './track-record.ts'
import { earlierState, livedMs, soak, type SoakState } from './soak.ts'

const text = { type: 'string' } as const
const HOURS_MAX = 1_000

export async function soakCommand({ args, stdout, stderr }: LabCall): Promise<number> {
  const names = { hours: text, out: text, seed: text, round: text, faults: text, record: text } as const
  const { values } = parse(args, { ...names, store: text, persistence: text, resource: text })
  const hours = Number(values.hours)
  if (!(hours > 0 && hours <= HOURS_MAX)) throw new UsageError(`--hours must be a number up to ${HOURS_MAX}`)
  const folder = resolve(values.out ?? 'holdfast-lab/soak')
  const given = values.store ?? 'sqlite:'
  if (!/^[a-z+]+:$/.test(given)) throw new UsageError('--store of a soak is a scheme alone: every round makes its own')
  const store = { ...storeOf(given, folder), isOwn: true }
  const { names: faults, leftOut } = await chosenFaults(values.faults, { ...store, usesStore: true })
  for (const reason of leftOut) stderr.write(`left out: ${reason}\n`)
  const common: SoakState['common'] = {
    scheme: store.scheme,
    ...groundOptions(values, store),
    workers: 6,
    ttlMs: 500,
    guard: true,
    faults,
    forMs: duration('round', values.round ?? '60s', { minMs: 5_000, maxMs: 3_600_000 }),
    seed: values.seed === undefined ? 1 : whole('seed', values.seed, 1, 2 ** 31),
  }
  const before = earlierState(folder)
  if (before !== undefined) stderr.write(`goes on after ${(livedMs(before) / 60_000).toFixed(1)} min in ${folder}\n`)
  const state = await soak({
    folder,
    hours,
    common,
    onRound: ({ seed, text }) => void stderr.write(`seed ${seed}: ${text}\n`),
  })
  if (values.record !== undefined) appendRow(resolve(values.record), state)
  stdout.write(`${rowOf(state, 'this tree')}\n`)
  const results = new Set(state.rounds.map(({ result }) => result))
  return results.has('violated') ? exitCodes.violated : results.has('notJudged') ? exitCodes.notJudged : exitCodes.held
}
