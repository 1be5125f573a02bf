/**
 * What this process knows of its own claims, by answers and by messages. The two come over two connections and overtake
 * one another, so each carries the server's time, and what is known of a claim only moves forward. An answer that was
 * asked for after the last news is later than the news, whatever the server's clock says: it may have been set back.
 */
import { type Hint, type Situation, situationOf, type Standing } from '../../store/standing.ts'
import type { TimedStanding } from './wire.ts'

type LocalClaimWatcher = (seen: Standing | Hint) => void

interface LocalClaim {
  readonly line: string
  /** The claim of another line with the same id: nothing forbids it. */
  next: LocalClaim | undefined
  told: TimedStanding | undefined
  /** When a message said no more than that there is news, or one may have been missed; 0 once an answer covers it. */
  newsAt: number
  /** When it was told, as a place in the order of what happened here. */
  toldAt: number
  /** How it stood when the client was last answered. */
  answered: Situation | undefined
  /** The moment of the server's clock after which no request of this claim begins anything. */
  beginByUs: number | undefined
  /** A request of it may have been sent twice. */
  isDoubled: boolean
  watchers: Set<LocalClaimWatcher> | undefined
}

const UNKNOWN: Pick<LocalClaim, 'beginByUs' | 'isDoubled'> = { beginByUs: undefined, isDoubled: false }

const HINT: Hint = { kind: 'hint' }

const RANK = { refused: 0, queued: 1, held: 2, gone: 3 } as const

export class LocalClaims {
  /** By their ids, whose hashes are known: a key made of line and id would be hashed at every call. */
  readonly #entries = new Map<string, LocalClaim>()
  /** Counts what was heard: the order in which things happened here, without a clock. */
  #eventCount = 0
  readonly #onSilentTurn: (line: string) => void

  /** `onSilentTurn`: a claim that waited was answered that it holds, and no message had said so. */
  constructor(onSilentTurn: (line: string) => void = () => undefined) {
    this.#onSilentTurn = onSilentTurn
  }

  get size(): number {
    return [...this.#all()].length
  }

  /** To be asked before a request is sent, for `answered`. */
  get eventCount(): number {
    return this.#eventCount
  }

  /** Makes room before the first request is sent, so that a message that comes before the answer is kept. */
  track(line: string, id: string, beginByUs?: number): void {
    const entry = this.#find(line, id) ?? this.#add(line, id)
    if (beginByUs !== undefined) entry.beginByUs = Math.max(beginByUs, entry.beginByUs ?? 0)
  }

  /** No channel is listened to while this is asked, so messages are missed until it is answered. To be called after `eventCount` was read. */
  missing(line: string, id: string): void {
    const entry = this.#find(line, id)
    if (entry !== undefined) entry.newsAt = this.#eventCount += 1
  }

  /** The request surely did nothing; what an earlier one did stays known. */
  untrack(line: string, id: string): void {
    const entry = this.#find(line, id)
    if (entry !== undefined && isIdle(entry)) this.#remove(entry, id)
  }

  /** What the caller is to be told: the answer, or what a message said after it. `eventCount` is from before the request. */
  answered(line: string, id: string, told: TimedStanding, eventCount: number): Standing {
    const entry = this.#find(line, id)
    if (entry === undefined) return told.standing
    const { kind } = told.standing
    if (kind === 'held' && entry.told?.standing.kind === 'queued' && entry.newsAt === 0) this.#onSilentTurn(line)
    if (entry.newsAt <= eventCount) entry.newsAt = 0
    if (kind === 'refused' || kind === 'gone') {
      this.#end(entry, id, told.standing)
      return told.standing
    }
    const standing = this.#moveOn(entry, told, entry.toldAt <= eventCount)
    entry.answered = situationOf(standing)
    return standing
  }

  /** A message. Without a standing it only says that there is news. */
  pushed(line: string, id: string, told: TimedStanding | undefined): void {
    const entry = this.#find(line, id)
    if (entry === undefined) return
    if (told === undefined || isOutOfTime(told, entry.told)) this.#hint(entry)
    else this.#moveOn(entry, told, false)
  }

  /** A request of it was answered, and may have been sent a second time. */
  doubled(line: string, id: string): void {
    const entry = this.#find(line, id)
    if (entry !== undefined) entry.isDoubled = true
  }

  /** The claim was left: no news of it matter any more. */
  end(line: string, id: string): Pick<LocalClaim, 'beginByUs' | 'isDoubled'> {
    const entry = this.#find(line, id)
    if (entry !== undefined) this.#end(entry, id, undefined)
    return entry ?? UNKNOWN
  }

  /** Resolves when the claim stands elsewhere than it was last answered. */
  watch(line: string, id: string, signal: AbortSignal): Promise<Standing | Hint> {
    const entry = this.#find(line, id) ?? this.#add(line, id)
    const known = entry.told?.standing
    if (known !== undefined && isNews(entry, known)) {
      entry.answered = situationOf(known)
      return Promise.resolve(known)
    }
    if (entry.newsAt > 0) return Promise.resolve(HINT)
    const { promise, resolve } = Promise.withResolvers<Standing | Hint>()
    const watcher: LocalClaimWatcher = (seen) => {
      entry.watchers?.delete(watcher)
      signal.removeEventListener('abort', onAbort)
      if (isIdle(entry)) this.#remove(entry, id)
      resolve(seen)
    }
    const onAbort = (): void => watcher(HINT)
    entry.watchers ??= new Set()
    entry.watchers.add(watcher)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    return promise
  }

  /** For when messages may have been lost, and for closing. */
  hintAll(): void {
    for (const entry of this.#all()) this.#hint(entry)
  }

  /** A hint without a watcher is kept for the next one. */
  #hint(entry: LocalClaim): void {
    entry.newsAt = this.#eventCount += 1
    for (const watcher of entry.watchers ?? []) watcher(HINT)
  }

  #moveOn(entry: LocalClaim, told: TimedStanding, isLater: boolean): Standing {
    if (entry.told !== undefined && !isLater && isOlder(told, entry.told)) return entry.told.standing
    entry.told = told
    entry.toldAt = this.#eventCount += 1
    if (isWatched(entry) && isNews(entry, told.standing)) {
      entry.answered = situationOf(told.standing)
      for (const watcher of entry.watchers ?? []) watcher(told.standing)
    }
    return told.standing
  }

  #end(entry: LocalClaim, id: string, standing: Standing | undefined): void {
    this.#remove(entry, id)
    for (const watcher of entry.watchers ?? []) watcher(standing ?? HINT)
  }

  #find(line: string, id: string): LocalClaim | undefined {
    let entry = this.#entries.get(id)
    while (entry !== undefined && entry.line !== line) entry = entry.next
    return entry
  }

  #add(line: string, id: string): LocalClaim {
    const entry: LocalClaim = {
      line,
      next: this.#entries.get(id),
      told: undefined,
      toldAt: 0,
      newsAt: 0,
      answered: undefined,
      beginByUs: undefined,
      isDoubled: false,
      watchers: undefined,
    }
    this.#entries.set(id, entry)
    return entry
  }

  #remove(entry: LocalClaim, id: string): void {
    const first = this.#entries.get(id)
    const rest = first === entry ? entry.next : first
    if (rest === undefined) this.#entries.delete(id)
    else this.#entries.set(id, rest)
    for (let before = rest; before !== undefined; before = before.next) {
      if (before.next === entry) before.next = entry.next
    }
  }

  *#all(): Iterable<LocalClaim> {
    for (const first of this.#entries.values()) {
      for (let entry: LocalClaim | undefined = first; entry !== undefined; entry = entry.next) yield entry
    }
  }
}

function isWatched({ watchers }: LocalClaim): boolean {
  return watchers !== undefined && watchers.size > 0
}

/** Nothing is known of it, and nobody waits. */
function isIdle(entry: LocalClaim): boolean {
  return entry.told === undefined && !isWatched(entry)
}

/** Of two in one microsecond, the later one is further. */
function isOlder(one: TimedStanding, other: TimedStanding): boolean {
  if (one.atUs !== other.atUs) return one.atUs < other.atUs
  return RANK[one.standing.kind] < RANK[other.standing.kind]
}

/** A message that says what comes after what is known, at an earlier time: the server's clock was set back. */
function isOutOfTime(message: TimedStanding, known: TimedStanding | undefined): boolean {
  if (known === undefined || message.atUs >= known.atUs || situationOf(known.standing) === 'gone') return false
  if (RANK[message.standing.kind] < RANK[known.standing.kind]) return false
  return situationOf(message.standing) !== situationOf(known.standing)
}

function isNews({ answered }: LocalClaim, standing: Standing): boolean {
  return situationOf(standing) !== answered
}
