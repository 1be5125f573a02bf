/** Looks at many lines of claims in few steps: what `ls` and `watch` have in common. */
import { type LineView, type Locks, StoreUnavailable } from 'holdfast'
import type { GlobalOptions } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import type { Printer } from './printer.ts'

export interface LookOptions extends GlobalOptions {
  /** Tells by the exit code whether anything is held. */
  readonly exitCode?: boolean
}

export interface NamedLine {
  readonly name: string
  readonly line: LineView
}

/** A name with something in its place that is no line of claims. */
export interface UnreadableName {
  readonly name: string
  readonly why: string
}

export interface Looks {
  /** In the order of the names, without those that became free meanwhile. */
  readonly lines: readonly NamedLine[]
  /** Those that became free meanwhile. */
  readonly free: readonly NamedLine[]
  readonly unreadable: readonly UnreadableName[]
}

/** Lines looked at together: a listing must not take a whole connection pool. */
const AT_ONCE = 8

/** One name that cannot be read does not keep the others from being shown. */
export async function looksAt(locks: Locks, names: readonly string[]): Promise<Looks> {
  const lines: NamedLine[] = []
  const free: NamedLine[] = []
  const unreadable: UnreadableName[] = []
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE)
    for (const look of await Promise.all(some.map((name) => lookAt(locks, name)))) {
      if ('why' in look) unreadable.push(look)
      else (look.line.claims.length > 0 ? lines : free).push(look)
    }
  }
  return { lines, free, unreadable }
}

async function lookAt(locks: Locks, name: string): Promise<NamedLine | UnreadableName> {
  try {
    return { name, line: await locks.inspect(name) }
  } catch (error) {
    // What is not final is the store's trouble and not that of one name.
    if (!(error instanceof StoreUnavailable) || !error.isFinal) throw error
    return { name, why: error.message }
  }
}

export function codeOfLook({ exitCode }: LookOptions, lines: readonly LineView[]): number {
  const isHeld = lines.some(({ claims }) => claims.some(({ state }) => state === 'held'))
  return exitCode === true && !isHeld ? exitCodes.free : exitCodes.ok
}

export function unreadableInWords({ name, why }: UnreadableName): string {
  return `"${name}" cannot be shown: ${why}`
}

export function tellUnreadable(printer: Printer, unreadable: UnreadableName): void {
  printer.tell(unreadableInWords(unreadable), { event: 'unreadable', name: unreadable.name })
}
