/** What is written down about one key, as a text in a ledger: begun, done, failed, or free for the next attempt. */
import { boundedText } from '../../store/bounded-text.ts'
import { Misuse } from '../../store/errors.ts'

/** A ledger takes a little more. */
const TEXT_BYTES_MAX = 60_000
const STATES = ['running', 'done', 'failed', 'free']

export interface KeyEntry {
  readonly state: 'running' | 'done' | 'failed' | 'free'
  readonly attempt: number
  readonly owner: string
  /** Since 1970. */
  readonly atMs: number
  readonly fingerprint?: string | undefined
  /** Of `done`. Absent for undefined, as in JSON. */
  readonly returned?: unknown
  /** Of `failed`. */
  readonly error?: string
  /** From then on it counts as never written; absent where an interruption is to be settled. */
  readonly untilMs?: number
}

/** Of one key, with the token that wrote it. */
export type WrittenEntry = KeyEntry & { readonly token: bigint }

/** Throws `Misuse` for what JSON cannot say, and for what is too long. */
export function entryText(entry: KeyEntry): string {
  let text: string
  try {
    text = JSON.stringify(entry)
  } catch (cause) {
    throw new Misuse('what the work returned cannot be written as JSON', { cause })
  }
  return boundedText('what the work returned', text, TEXT_BYTES_MAX)
}

/** `name` is for the error: what is there may be of another program, and is never overwritten. */
export function foundIn(
  name: string,
  stored: { readonly value: string; readonly token: bigint } | null,
  nowMs: number,
): WrittenEntry | undefined {
  if (stored === null) return undefined
  const entry = parsed(stored.value)
  if (entry === undefined) {
    const words = `the ledger has something else than an outcome for "${name}": give once() another name, or delete that entry`
    throw new Misuse(words, { resource: name })
  }
  return entry.untilMs !== undefined && nowMs >= entry.untilMs ? undefined : { ...entry, token: stored.token }
}

function parsed(text: string): KeyEntry | undefined {
  try {
    const entry = JSON.parse(text) as KeyEntry | null
    return entry !== null && STATES.includes(entry.state) ? entry : undefined
  } catch {
    return undefined
  }
}

/** The first call is given what repeats are given. */
export function returnedIn<T>(text: string): T {
  return (JSON.parse(text) as { readonly returned: T }).returned
}
