/** The histories that the processes of a run left, read again. */
import { readFileSync } from 'node:fs'
import { type HistoryEvent, parseEvent } from '../../timeline/history.ts'

/** A killed process may leave half a line at the end; whatever is no event is left out. */
export function readHistories(paths: readonly string[]): HistoryEvent[] {
  return paths.flatMap((path) => {
    const lines = readFileSync(path, 'utf8').split('\n')
    return lines.flatMap((line) => parseEvent(line) ?? [])
  })
}
