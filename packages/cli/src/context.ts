/** What every subcommand starts from: the options that are the same for all, and a client over the chosen store. */
import { holdfast, type Locks } from 'holdfast'
import type { Printer } from './printer.ts'
import { chooseStore, type ChosenStore } from './stores.ts'

export interface GlobalOptions {
  readonly store?: string
  readonly namespace?: string
  readonly json?: boolean
}

export interface Context {
  readonly printer: Printer
  readonly environment: NodeJS.ProcessEnv
}

export interface Opened {
  readonly locks: Locks
  readonly store: ChosenStore
  readonly namespace: string
}

const NAMESPACE_DEFAULT = 'default'

/** Nothing is connected before the first call of the client. */
export async function openLocks(context: Context, options: GlobalOptions): Promise<Opened> {
  const store = chooseStore(options.store, context.environment)
  const namespace = options.namespace ?? (context.environment['HOLDFAST_NAMESPACE'] || NAMESPACE_DEFAULT)
  return { locks: holdfast(await store.open(), { namespace }), store, namespace }
}

/** Runs the work with a client and closes it, whatever happens. */
export async function withLocks<T>(
  context: Context,
  options: GlobalOptions,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  const opened = await openLocks(context, options)
  try {
    return await work(opened)
  } finally {
    await opened.locks.close()
  }
}
