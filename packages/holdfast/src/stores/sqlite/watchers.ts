/** Who in this process waits for a line, or for one claim in it, to change. */
import type { Hint, Memo, Standing } from '../../store/store.ts'

export interface Watch {
  readonly memo: Memo
  /** What is different from the memo by now; `undefined` while nothing is. */
  look(): Standing | Hint | undefined
}

interface Watcher extends Watch {
  resolve(seen: Standing | Hint): void
}

export class Watchers {
  readonly #bySubject = new Map<string, Set<Watcher>>()

  /** Resolves when a look after a `tell` finds a difference, or with a hint when the signal aborts. The first look is the caller's. */
  add(subject: string, watch: Watch, signal: AbortSignal): Promise<Standing | Hint> {
    const { promise, resolve } = Promise.withResolvers<Standing | Hint>()
    const onAbort = (): void => watcher.resolve(hint(watch.memo))
    const watcher: Watcher = {
      memo: watch.memo,
      look: () => watch.look(),
      resolve: (seen) => {
        this.#remove(subject, watcher)
        signal.removeEventListener('abort', onAbort)
        resolve(seen)
      },
    }
    const watchers = this.#bySubject.get(subject) ?? new Set()
    this.#bySubject.set(subject, watchers.add(watcher))
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    return promise
  }

  tell(subject: string): void {
    for (const watcher of this.#bySubject.get(subject) ?? []) settle(watcher)
  }

  tellAll(): void {
    for (const subject of this.#bySubject.keys()) this.tell(subject)
  }

  /** For when nothing that was known is certain any more, and for closing. */
  hintAll(): void {
    for (const watchers of this.#bySubject.values()) {
      for (const watcher of watchers) watcher.resolve(hint(watcher.memo))
    }
  }

  #remove(subject: string, watcher: Watcher): void {
    const watchers = this.#bySubject.get(subject)
    watchers?.delete(watcher)
    if (watchers?.size === 0) this.#bySubject.delete(subject)
  }
}

/** A look that fails is the watcher's own business to repeat: it enters again and meets the error there. */
function settle(watcher: Watcher): void {
  let seen: Standing | Hint | undefined
  try {
    seen = watcher.look()
  } catch {
    seen = hint(watcher.memo)
  }
  if (seen !== undefined) watcher.resolve(seen)
}

export function hint(memo: Memo): Hint {
  return { kind: 'hint', memo }
}
