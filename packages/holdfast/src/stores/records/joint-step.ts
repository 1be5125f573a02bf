/** Works that travel together: one after the other on one record, and each sees what the ones before it wrote. */
import type { Stamp } from '../../time/clock.ts'
import type { PendingChange } from './combined-changes.ts'
import type { LineRecord, Notice, Reading, RecordChange } from './engine.ts'

/** A record as it was read, and what it takes to write it. */
export interface SeenRecord extends Reading {
  readonly seen: string | undefined
  /** When its text was read here: no change of it was sent before. */
  readonly seenAt: Stamp
  /** It was so when this process saw it last: only a swap that succeeds proves it. @default false */
  readonly isGuess?: boolean
}

export interface JointStep {
  readonly results: readonly unknown[]
  /** Absent where nothing is to be changed. */
  readonly written: LineRecord | undefined
  readonly notices: readonly Notice[]
}

export function runOn({ record, now }: Reading, together: readonly PendingChange[]): JointStep {
  let written: LineRecord | undefined
  const notices: Notice[] = []
  const change: RecordChange = {
    now,
    read: () => written ?? record,
    write: (_, after) => void (written = after),
    notify: (notice) => void notices.push(notice),
  }
  const results = together.map(({ work }) => work(change))
  return { results, written, notices }
}
