/** While a run waits for its store, people want to know what it waits for: said once, in the words of the store. */
import type { Facts, Locks } from 'holdfast'
import type { Context, Opened } from './context.ts'
import { tellDefaultStore } from './default-store.ts'
import type { Printer } from './printer.ts'

/** What is over sooner is not worth a word. */
const QUIET_MS = 300

/** Opens the store, or rejects with the reason of the signal. */
export async function openedOrInterrupted(printer: Printer, locks: Locks, signal: AbortSignal): Promise<Facts> {
  let why: string | undefined
  let notice: NodeJS.Timeout | undefined
  const tell = (): void => printer.tell(`waiting for the store: ${why}`, { event: 'opening' })
  const stopListening = locks.on('opening', ({ error, askedMs }) => {
    why = error instanceof Error ? error.message : String(error)
    // Not at the next try: it may come too late for a run that waits a second.
    notice ??= setTimeout(tell, Math.max(0, QUIET_MS - askedMs))
  })
  const interrupted = Promise.withResolvers<never>()
  const onAbort = (): void => interrupted.reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([locks.open(), interrupted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
    stopListening()
    clearTimeout(notice)
  }
}

/** A store that was not named is named here. */
export async function tellDefault({ printer, environment }: Context, { store }: Opened): Promise<void> {
  if (!store.isDefault) return
  const url = await store.store.resolved()
  tellDefaultStore(printer, environment, url.slice(url.indexOf(':') + 1))
}
