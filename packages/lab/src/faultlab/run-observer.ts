/** What a run tells of itself while it is played. */
import type { HistoryEvent } from '@holdfast/testbed/history'

export type RunPhase = 'start' | 'storm' | 'calm' | 'finish' | 'last' | 'judge'

export interface RunObserver {
  /** It takes `forMs` where that is known. */
  phase(phase: RunPhase, forMs?: number): void
  /** What the driver itself writes into the history: faults. */
  note(event: HistoryEvent): void
}

export const unobserved: RunObserver = { phase: () => undefined, note: () => undefined }
