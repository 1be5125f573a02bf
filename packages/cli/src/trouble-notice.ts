/** A lease that cannot be renewed, told while the command still runs. */
import type { Locks } from 'holdfast'
import type { Printer } from './printer.ts'
import { shortDuration } from './text.ts'

/** Once for each stretch of failing renewals. */
export function tellTrouble(printer: Printer, locks: Locks, name: string): () => void {
  let told = false
  const stops = [
    locks.on('renewed', () => {
      told = false
    }),
    locks.on('jeopardy', ({ remainingMs, error }) => {
      if (told) return
      told = true
      const why = error instanceof Error ? error.message : String(error)
      printer.tell(`the lease of "${name}" cannot be renewed and ends in ${shortDuration(remainingMs)}: ${why}`, {
        event: 'jeopardy',
        name,
        remainingMs: Math.round(remainingMs),
      })
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
