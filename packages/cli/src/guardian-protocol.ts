/** What the run and its guardian say to each other, over a channel that closes when either of them dies. */
import type { ProcessGroup } from './process-group.ts'

/** When the command must be gone, on the clocks that all processes of this machine share. */
export interface SharedDeadline {
  /** Stands still while the machine is suspended. */
  readonly monotonicMs: number
  /** Runs on while the machine is suspended. */
  readonly wallMs: number
}

/** From the run to the guardian. */
export type Order =
  /** Start the command, unless the deadline has passed already. */
  | {
      readonly kind: 'start'
      readonly command: readonly string[]
      /** Added to the environment the guardian inherited. */
      readonly environment: Readonly<Record<string, string>>
      readonly deadline: SharedDeadline
      /** From TERM to the deadline. */
      readonly stopBeforeMs: number
    }
  /** The lease was renewed. */
  | { readonly kind: 'deadline'; readonly deadline: SharedDeadline }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  /** The lease is lost or about to be. */
  | { readonly kind: 'stop' }

/** From the guardian to the run. */
export type Report =
  | { readonly kind: 'started'; readonly group: ProcessGroup }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  /** Said once nothing of the command's group can run any more. `stopped`: the guardian had to end it. */
  | {
      readonly kind: 'ended'
      readonly code: number | null
      readonly signal: NodeJS.Signals | null
      readonly stopped: boolean
    }

export function monotonicNowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

export function sharedDeadline(remainingMs: number): SharedDeadline {
  return { monotonicMs: monotonicNowMs() + remainingMs, wallMs: Date.now() + remainingMs }
}

/** By the clock that leaves less. */
export function leftMs(deadline: SharedDeadline): number {
  return Math.min(deadline.monotonicMs - monotonicNowMs(), deadline.wallMs - Date.now())
}
