/** While a run waits, people want to know for whom: said once, and not at all when the wait is short. */
import type { Locks } from 'holdfast'
import { holdersInWords } from './line-view.ts'
import type { Printer } from './printer.ts'

/** A wait shorter than this is not reported. */
const QUIET_MS = 300

export function tellWhileWaiting(printer: Printer, locks: Locks): { end(): void } {
  let timer: NodeJS.Timeout | undefined
  let ended = false
  const tell = async (name: string): Promise<void> => {
    // The wait itself reports a store that fails; this is only a courtesy.
    const holders = await locks.inspect(name).then(holdersInWords, () => undefined)
    if (ended) return
    const whom = holders === undefined ? '' : `, held by ${holders}`
    printer.tell(`waiting for "${name}"${whom}`, { event: 'waiting', name, holders: holders ?? null })
  }
  const stopListening = locks.on('waiting', ({ name }) => {
    timer ??= setTimeout(() => void tell(name), QUIET_MS)
  })
  return {
    end() {
      ended = true
      clearTimeout(timer)
      stopListening()
    },
  }
}
