/** The histories that the processes of a run left, read again. */
import { readFileSync } from 'node:fs'
import { type HistoryEvent, parseEvent } from '@holdfast/testbed/history'

export interface HistoryFile {
  readonly path: string
  /** Its process may be in the middle of a line, or was killed there. */
  readonly mayBeTorn: boolean
}

/** Throws when anything else than an event is in it, but for half a line at the end: what is left out cannot be judged. */
export function readHistories(files: readonly HistoryFile[]): HistoryEvent[] {
  return files.flatMap(({ path, mayBeTorn }) => {
    const lines = readFileSync(path, 'utf8').split('\n')
    // Behind the last end of a line there is nothing, or what was not finished.
    const torn = lines.pop()
    if (torn !== '' && !mayBeTorn) throw new Error(`${path} ends in the middle of a line: its process wrote no more`)
    return lines.map((line, index) => {
      const event = parseEvent(line)
      if (event === null) throw new Error(`line ${index + 1} of ${path} is no event: ${line.slice(0, SHOWN_MAX)}`)
      return event
    })
  })
}

const SHOWN_MAX = 200
