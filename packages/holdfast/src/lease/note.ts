/**
 * The public note of a lease on its way to the store. A renewal that was given up on may still arrive, any time, and put
 * an old note back; so after such a doubt every renewal carries the newest one.
 */
import type { LockAttempt } from './lock-attempt.ts'
import { noteWithTrace } from './trace.ts'

/** A new note waits this long for company. */
export const NOTE_AFTER_MS = 50

export class NoteToSend {
  readonly #attempt: LockAttempt
  #newest: string
  /** The trace that the store has. */
  #sentTrace: string | undefined
  #isDue = false
  #isInDoubt = false

  constructor(note: string, attempt: LockAttempt) {
    this.#newest = note
    this.#attempt = attempt
    this.#sentTrace = attempt.trace
  }

  set(note: string): void {
    this.#newest = note
    this.#isDue = true
  }

  /** For one renewal; `undefined` when there is nothing to send. */
  take(): string | undefined {
    const { trace } = this.#attempt
    if (!this.#isDue && !this.#isInDoubt && trace === this.#sentTrace) return undefined
    this.#isDue = false
    this.#sentTrace = trace
    return noteWithTrace(this.#newest, trace)
  }

  /** A renewal that carried a note was not answered: it may arrive late, or never. */
  doubt(): void {
    this.#isInDoubt = true
  }
}
