/** What goes wrong with a lease, told to people: that it cannot be renewed, and that its release was not confirmed. */
import type { Locks } from 'holdfast'
import type { Printer } from './printer.ts'
import { shortDuration } from './text.ts'

/** Once for each stretch of failing renewals of one of these locks. */
export function tellTrouble(printer: Printer, locks: Locks, names: readonly string[]): () => void {
  const told = new Set<string>()
  const stops = [
    locks.on('renewed', ({ name }) => void told.delete(name)),
    locks.on('jeopardy', ({ name, remainingMs, error }) => {
      if (told.has(name) || !names.includes(name)) return
      told.add(name)
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

/** A release without an answer, and the exit code all the same. */
export function tellUnconfirmed(printer: Printer, name: string, exitCode: number): void {
  printer.tell(`the release of "${name}" was not confirmed; it is free when its lease ends, at the latest`, {
    event: 'releaseUnknown',
    name,
    exitCode,
  })
}
