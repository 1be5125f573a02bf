/** What an engine gives that keeps each line as one record: it reads a line, changes it alone, lists lines, notifies. */
import type { Line } from '../../line/line.ts'
import type { ClaimState, LineStep, Moment } from '../../line/transition.ts'
import type { Claim, Ref } from '../../store/claim.ts'
import type { Facts } from '../../store/facts.ts'
import type { Stamp } from '../../time/clock.ts'
import type { Renewal, StoreEnvironment, TokenScaleView } from '../../store/store.ts'
import type { OwnNews } from './own-news.ts'
import type { WaiterSummary } from './thin-line.ts'

/** What an engine keeps for one resource. */
export interface LineRecord {
  readonly line: Line
  /** Processes that watch the resource without a claim. */
  readonly observers: readonly LineObserver[]
  /** What stands in rows beside the record (thin-line.ts). @default the record is all there is */
  readonly waiters?: WaiterSummary
}

export interface NamedRecord extends LineRecord {
  readonly resource: string
}

export interface LineObserver {
  readonly channel: string
  /** On the clock that judges expiry. */
  readonly untilMs: number
}

export const emptyRecord: LineRecord = { line: { lastToken: 0n, claims: [] }, observers: [] }

/** Tells the process behind a channel that a line changed, or how one claim in it stands now. */
export interface Notice {
  readonly channel: string
  readonly resource: string
  /** The claim it is about; absent for observers of the line. */
  readonly id?: string
  /** Where it was granted: its process need not look. */
  readonly grant?: PushedGrant
}

/** The first, provisional life of a claim that waited. */
export interface PushedGrant {
  readonly token: bigint
  /** When it was granted, on the clock of the engine. */
  readonly atMs: number
  readonly lifeMs: number
}

/** What one change may do; everything happens together or not at all. */
export interface RecordChange {
  /** Read after the records were locked. */
  readonly now: Moment
  /** @default the step as it is */
  readonly around?: StepAround
  read(resource: string): LineRecord
  write(resource: string, record: LineRecord): void
  /** Delivered after the change is done; a notice may get lost. */
  notify(notice: Notice): void
}

/** The claims of one line that a change is about. */
export interface LineAsk {
  readonly resource: string
  readonly ids: readonly string[]
}

export interface Reading {
  readonly record: LineRecord
  readonly now: Moment
}

export interface ListedLine {
  readonly resource: string
  /** Absent where it cannot be read: a look says why. */
  readonly line?: Line
  /** When it was read, by the clock that judges expiry. */
  readonly now?: Moment
}

/** Runs a step on a line, and may run it on another one instead: where the engine knows more of claims than the line does. */
export type StepAround = <Answer>(line: Line, now: Moment, step: (line: Line) => LineStep<Answer>) => LineStep<Answer>

/** A change would make a record longer than an engine keeps: the line is full. */
export class RecordFull extends Error {
  constructor() {
    super('the record of this line is full')
  }
}

/** Renewals and leaves must not stand behind those that only want to enter: an engine may give them a connection of their own. */
export type Lane = 'asks' | 'keeps'

export interface RecordEngine {
  readonly facts: Facts
  /** Names this process in its claims and observers: where notices reach it. */
  readonly channel: string
  /** Whether one change may span several lines; else each line is changed, and may fail, alone. */
  readonly spansLines: boolean
  /** Expiry is observed, so a life may be promised only for what was just written. @default false */
  readonly isObserved?: boolean
  /**
   * Runs the work on the records of these lines, alone. The work is pure but for what it does to the change, and may run
   * again. Throws `NotApplied` where another process was faster.
   */
  change<Result>(asks: readonly LineAsk[], work: (change: RecordChange) => Result, lane: Lane): Result | Promise<Result>
  /**
   * As `change` of the claim's line, but puts the claim into it in one request where nothing stands in it; `undefined` where
   * that is not tried, and `change` must be asked.
   */
  takeFree?(
    claim: Claim,
    work: (change: RecordChange) => LineStep<ClaimState>,
  ): Promise<LineStep<ClaimState>> | undefined
  /** Ends a claim that stands alone in its line, in one request; `false` where that cannot be, and `change` must be asked. */
  giveBack?(ref: Ref): Promise<boolean>
  /**
   * Renews claims that stand alone in their lines, in one request each or fewer. One for each of them, in their order: where
   * there is no promise, or one of `undefined`, nothing was done and `change` must be asked.
   */
  renewAlone?(renewals: readonly Renewal[]): readonly (Promise<ClaimState | undefined> | undefined)[]
  /** Whatever this process does to a line is told to its own claims there: `OwnNews`. @default false */
  readonly hearsItself?: boolean
  /** A leave does not wait for an ask of the same claim that is under way. @default false */
  readonly leavesOvertake?: boolean
  /** A line as it is; of a long line at least these claims and what stands ahead of the first waiters. */
  read(resource: string, ids: readonly string[] | 'all'): Reading | Promise<Reading>
  /** Lines that may have claims, in the order of their keys, behind `after`. */
  list(prefix: string, after: string, limit: number): readonly ListedLine[] | Promise<readonly ListedLine[]>
  close(): void | Promise<void>
  /** A moment of the engine's clock on ours, never later than it was; `undefined` where that is not known. @default grants in notices are looked up */
  stampAt?(momentMs: number): Stamp | undefined
  /** As in the seam. @default the store cannot do it */
  rebase?(to?: bigint): TokenScaleView | Promise<TokenScaleView>
  /** For a step that only looks. @default the step as it is */
  readonly around?: StepAround
  /** A notice comes for every change of a claim, or it is said that some may be missing: what was answered holds until then. @default false */
  readonly tellsEach?: boolean
  /**
   * Begins to hear that a line changed, whatever it is about, and returns how to end it: for engines without a clock that do
   * not tell every process of every change. @default every process is told of every change
   */
  listen?(resource: string): () => void
  /** When a waiting claim has to look again at the latest, for reasons that the line does not know. */
  recheckInMs?(line: Line, id: string): number | undefined
}

/**
 * Called with what a notice names; with nothing when notices may have been lost; with `unsure` when nothing that was
 * known is certain any more.
 */
export type OnNotice = (notice?: HeardNotice | 'unsure') => void

export interface HeardNotice extends Pick<Notice, 'resource' | 'id' | 'grant'> {
  /** The line changed, whatever it is about: for engines that tell every process of every change. @default false */
  readonly isOfAll?: boolean
  /** Where this process changed the line itself. @default another process did, and it has to be looked up */
  readonly own?: OwnNews
}

export type OpenRecords = (environment: StoreEnvironment, onNotice: OnNotice) => RecordEngine | Promise<RecordEngine>
