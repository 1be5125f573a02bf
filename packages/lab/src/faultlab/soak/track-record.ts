/** The table of docs/track-record.md: rows are added at the end and never changed, and no round is in two of them. */
import { accessSync, appendFileSync, constants, statSync } from 'node:fs'
import { UsageError } from '@holdfast/testbed/command-line'
import { PERSISTENCE_DEFAULT } from '../settings.ts'
import { livedMs, type Round, type SoakState } from './state.ts'

export function rowOf({ commit, common, rounds }: Pick<SoakState, 'commit' | 'common' | 'rounds'>): string {
  const sum = (count: (round: Round) => number): number => rounds.reduce((total, round) => total + count(round), 0)
  const made = common.faults.map((name) => {
    const of = (key: 'made' | 'effective'): number =>
      sum(({ faults }) => faults.find((fault) => fault.name === name)?.[key] ?? 0)
    return `${name} ${of('made')} (${of('effective')})`
  })
  const results = (['held', 'violated', 'notJudged'] as const).map(
    (result) => rounds.filter((round) => round.result === result).length,
  )
  const cells = [
    rounds[0]?.startedAt.slice(0, 10) ?? '',
    commit,
    common.persistence === PERSISTENCE_DEFAULT ? common.scheme : `${common.scheme}, ${common.persistence}`,
    `${(livedMs(rounds) / 60_000).toFixed(1)} min`,
    `${rounds.length} from seed ${rounds[0]?.seed ?? common.seed}`,
    String(sum(({ grants }) => grants)),
    made.join(', '),
    String(sum(({ refusals }) => refusals)),
    results.join(' / '),
  ]
  return `| ${cells.join(' | ')} |`
}

/** Before the hours are spent. */
export function checkRecord(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
  } catch {
    throw new UsageError(`--record: there is no file ${path} that can be written`)
  }
  if (!statSync(path).isFile()) throw new UsageError(`--record: ${path} is no file`)
}

/** The rounds that have no row in this file yet make one; `undefined` when there are none. */
export function recordIn(path: string, state: SoakState): SoakState | undefined {
  const { rounds, recorded } = state
  const isNew = rounds.slice(recorded[path] ?? 0)
  if (isNew.length === 0) return undefined
  appendFileSync(path, `${rowOf({ ...state, rounds: isNew })}\n`)
  return { ...state, recorded: { ...recorded, [path]: rounds.length } }
}
