/** What every subcommand starts from: the options that are the same for all, and a client over the chosen store. */
import { type Duration, holdfast, type Locks, StoreUnavailable } from 'holdfast'
import { readConfig } from './config-file.ts'
import type { Printer } from './printer.ts'
import { findStore, type FoundStore, type StoreOptions } from './store-choice.ts'

export interface GlobalOptions extends StoreOptions {
  readonly namespace?: string
  readonly json?: boolean
}

export interface Context {
  readonly printer: Printer
  readonly environment: NodeJS.ProcessEnv
}

export interface Opened {
  readonly locks: Locks
  readonly store: FoundStore
  readonly namespace: string
}

const NAMESPACE_DEFAULT = 'default'
/** A person who asks what is locked wants to know at once that the store is not there. */
const OPEN_WAIT = 0

/** Nothing is connected before the first call of the client. `openWait` as in the library. */
export async function openLocks(context: Context, options: GlobalOptions, openWait?: Duration): Promise<Opened> {
  const found = findStore(options, context.environment)
  context.printer.secrets.learn(found.store.url)
  const namespace = namespaceOf(options, context.environment)
  const locks = holdfast(await found.store.open(), { namespace, openWait: openWait ?? OPEN_WAIT })
  return { locks, store: found, namespace }
}

function namespaceOf(options: GlobalOptions, environment: NodeJS.ProcessEnv): string {
  const named = options.namespace ?? (environment['HOLDFAST_NAMESPACE'] || undefined)
  return named ?? readConfig(options, environment).namespace ?? NAMESPACE_DEFAULT
}

/** Runs the work with a client and closes it, whatever happens. */
export async function withLocks<T>(
  context: Context,
  options: GlobalOptions,
  work: (opened: Opened) => Promise<T>,
  openWait?: Duration,
): Promise<T> {
  const opened = await openLocks(context, options, openWait)
  try {
    return await work(opened)
  } catch (error) {
    throw opened.store.isDefault ? withWayOut(error) : error
  } finally {
    await opened.locks.close()
  }
}

/** This file was not chosen, so its own words do not say where a choice is made. */
function withWayOut(error: unknown): unknown {
  if (!(error instanceof StoreUnavailable)) return error
  const words = `${error.message}. This is the default file: name another store with --store or HOLDFAST_STORE`
  return new StoreUnavailable(words, { cause: error, isFinal: error.isFinal, resource: error.resource })
}
