/** The table of docs/track-record.md: one row a soak, added at the end and never changed by hand. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { UsageError } from '../options.ts'
import { PERSISTENCE_DEFAULT } from '../settings.ts'
import { livedMs, type SoakState } from './soak.ts'

export function rowOf(state: SoakState, commit: string): string {
  const { rounds, common } = state
  const sum = (count: (round: (typeof rounds)[number]) => number): number =>
    rounds.reduce((total, round) => total + count(round), 0)
  const made = common.faults.map((name) => {
    const of = (key: 'made' | 'effective'): number =>
      sum(({ faults }) => faults.find((fault) => fault.name === name)?.[key] ?? 0)
    return `${name} ${of('made')} (${of('effective')})`
  })
  const results = (['held', 'violated', 'notJudged'] as const).map(
    (result) => rounds.filter((round) => round.result === result).length,
  )
  const cells = [
    state.startedAt.slice(0, 10),
    commit,
    common.persistence === PERSISTENCE_DEFAULT ? common.scheme : `${common.scheme}, ${common.persistence}`,
    `${(livedMs(state) / 60_000).toFixed(1)} min`,
    `${rounds.length} from seed ${common.seed}`,
    String(sum(({ grants }) => grants)),
    made.join(', '),
    String(sum(({ refusals }) => refusals)),
    results.join(' / '),
  ]
  return `| ${cells.join(' | ')} |`
}

export function appendRow(path: string, state: SoakState): void {
  if (!existsSync(path)) throw new UsageError(`--record: there is no file ${path}`)
  appendFileSync(path, `${rowOf(state, commitOf(dirname(path)))}\n`)
}

/** The commit the run was made on; with a plus when the tree was not as committed, because then it is only near to it. */
function commitOf(folder: string): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim()
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '+'}`
  } catch {
    return 'unknown'
  }
}
