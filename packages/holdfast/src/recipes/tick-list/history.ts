/** The last runs of a job as one text in a ledger: which ticks began, under which token, and what became of them. */
import { Misuse } from '../../store/errors.ts'
import { instant } from '../../time/instant.ts'
import type { RunOutcome, RunRecord } from '../tick/tick.ts'

/** A ledger takes a little more. */
const TEXT_BYTES_MAX = 60_000

/** A run as JSON: times are milliseconds since 1970, tokens decimal. */
interface RunRow {
  readonly tick: number
  readonly token: string
  readonly owner: string
  readonly startedAt: number
  readonly outcome: RunOutcome
  readonly tookMs?: number
  readonly error?: string
}

interface HistoryText {
  readonly runs: readonly RunRow[]
  readonly forgottenMs: number
  readonly schedule?: string | undefined
}

export class History {
  /** The latest tick first. */
  readonly runs: readonly RunRecord[]
  /** The latest tick that is no longer among them: whether a tick up to it began is not known any more. */
  readonly forgottenMs: number
  /** By which schedule the last run was due. */
  readonly schedule: string | undefined

  constructor(runs: readonly RunRecord[], forgottenMs: number, schedule?: string) {
    this.runs = runs
    this.forgottenMs = forgottenMs
    this.schedule = schedule
  }

  /** `name` is for the error: what is there may be of another program, and is never overwritten. */
  static parse(name: string, text: string | undefined): History {
    if (text === undefined) return new History([], Number.NEGATIVE_INFINITY)
    try {
      const { runs, forgottenMs, schedule } = JSON.parse(text) as HistoryText
      return new History(runs.map(recordOf), forgottenMs ?? Number.NEGATIVE_INFINITY, schedule)
    } catch (cause) {
      const words = `the ledger has something else than runs for "${name}": give the job another name, or delete that entry`
      throw new Misuse(words, { resource: name, cause })
    }
  }

  find(tick: Date): RunRecord | undefined {
    return this.runs.find((run) => run.tick.getTime() === tick.getTime())
  }

  /** Of each tick one run; what is too much is forgotten, by the age of its tick. */
  with(record: RunRecord, keep: number, schedule: string | undefined = this.schedule): History {
    const others = this.runs.filter(({ tick }) => tick.getTime() !== record.tick.getTime())
    const runs = [...others, record].toSorted((one, other) => other.tick.getTime() - one.tick.getTime())
    let forgottenMs = this.forgottenMs
    const isTooMuch = (): boolean => runs.length > keep || Buffer.byteLength(textOf(runs)) > TEXT_BYTES_MAX
    while (runs.length > 0 && isTooMuch()) forgottenMs = Math.max(forgottenMs, runs.pop()?.tick.getTime() ?? 0)
    return new History(runs, forgottenMs, schedule)
  }

  without({ token }: RunRecord): History {
    return new History(
      this.runs.filter((run) => run.token !== token),
      this.forgottenMs,
      this.schedule,
    )
  }

  /** As seen by the holder of this token: the runs before it are over, whether they know it or not. */
  seenBy(token: bigint): History {
    const runs = this.runs.map((run): RunRecord => {
      return run.outcome === 'running' && run.token < token ? { ...run, outcome: 'interrupted' } : run
    })
    return new History(runs, this.forgottenMs, this.schedule)
  }

  toString(): string {
    return textOf(this.runs, this.forgottenMs, this.schedule)
  }
}

function textOf(runs: readonly RunRecord[], forgottenMs = 0, schedule?: string): string {
  const text: HistoryText = { runs: runs.map(rowOf), forgottenMs, schedule }
  return JSON.stringify(text)
}

function rowOf({ tick, token, startedAt, ...rest }: RunRecord): RunRow {
  return { tick: tick.getTime(), token: String(token), startedAt: startedAt.getTime(), ...rest }
}

function recordOf({ tick, token, startedAt, ...rest }: RunRow): RunRecord {
  return { ...rest, tick: instant(tick), token: BigInt(token), startedAt: instant(startedAt) }
}
