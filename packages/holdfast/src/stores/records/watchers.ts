/** What in this process waits for a line, or for one claim in it, to change. */
import type { HeardNotice } from './engine.ts'

/** What is different by now; `undefined` while nothing is. */
type LookForNews<News> = () => News | undefined | Promise<News | undefined>

interface LineWatcher {
  /** Looks, and ends the watch when there is news. */
  look(): void
  /** Ends the watch without news. */
  end(): void
}

export class Watchers {
  readonly #bySubject = new Map<string, Set<LineWatcher>>()

  /**
   * Resolves with the news of a look, or with `undefined` when the signal aborts or nothing is certain any more. It is
   * registered before the first look, so no notice falls between the two; a look that fails ends the watch, and its
   * caller meets the error in the next call.
   */
  until<News extends object | string>(
    subject: string,
    look: LookForNews<News>,
    signal: AbortSignal,
  ): Promise<News | undefined> {
    const { promise, resolve } = Promise.withResolvers<News | undefined>()
    const settle = (news: News | undefined): void => {
      this.#remove(subject, watcher)
      signal.removeEventListener('abort', watcher.end)
      resolve(news)
    }
    const watcher = watcherOf(look, settle)
    const watchers = this.#bySubject.get(subject) ?? new Set()
    this.#bySubject.set(subject, watchers.add(watcher))
    signal.addEventListener('abort', watcher.end)
    if (signal.aborted) watcher.end()
    else watcher.look()
    return promise
  }

  /** What an engine heard. */
  hear(notice: HeardNotice | 'unsure' | undefined): void {
    if (notice === 'unsure') this.endAll()
    else if (notice === undefined) this.notifyAll()
    else if (notice.isOfAll === true) this.notifyLine(notice.resource)
    else this.notify(notice.resource, notice.id)
  }

  notify(resource: string, id?: string): void {
    if (this.#bySubject.size > 0) this.#notifySubject(subjectOf(resource, id))
  }

  #notifySubject(subject: string): void {
    // A watcher that ends takes itself out of the set during the walk; a Set allows that.
    for (const watcher of this.#bySubject.get(subject) ?? []) watcher.look()
  }

  /** Of the line and of every claim in it. */
  notifyLine(resource: string): void {
    const start = `${resource} `
    for (const subject of this.#bySubject.keys()) {
      if (subject === resource || subject.startsWith(start)) this.#notifySubject(subject)
    }
  }

  notifyAll(): void {
    for (const subject of this.#bySubject.keys()) this.#notifySubject(subject)
  }

  /** For when nothing that was known is certain any more, and for closing. */
  endAll(): void {
    for (const watchers of this.#bySubject.values()) for (const watcher of watchers) watcher.end()
  }

  #remove(subject: string, watcher: LineWatcher): void {
    const watchers = this.#bySubject.get(subject)
    watchers?.delete(watcher)
    if (watchers?.size === 0) this.#bySubject.delete(subject)
  }
}

/** One look at a time; a notice that comes during a look makes it look once more. */
function watcherOf<News>(look: LookForNews<News>, settle: (news: News | undefined) => void): LineWatcher {
  let isLooking = false
  let isStale = false
  let isOver = false
  const end = (news?: News): void => {
    if (isOver) return
    isOver = true
    settle(news)
  }
  const seen = (news: News | undefined): void => {
    isLooking = false
    if (news !== undefined) end(news)
    else if (isStale && !isOver) start()
  }
  const start = (): void => {
    isLooking = true
    isStale = false
    try {
      const news = look()
      if (news instanceof Promise) news.then(seen, () => end())
      else seen(news)
    } catch {
      end()
    }
  }
  return {
    look: () => {
      if (isLooking) isStale = true
      else if (!isOver) start()
    },
    end: () => end(),
  }
}

/** Names what is watched: encoded resources and ids have no space. */
export function subjectOf(resource: string, id?: string): string {
  return id === undefined ? resource : `${resource} ${id}`
}
