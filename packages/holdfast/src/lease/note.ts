/**
 * The public note of a lease on its way to the store. A renewal that was given up on may still arrive, any time, and put
 * an old note back; so after such a doubt every renewal carries the newest one.
 */
export class NoteToSend {
  #newest: string | undefined
  #isDue = false
  #isInDoubt = false

  set(note: string): void {
    this.#newest = note
    this.#isDue = true
  }

  /** For one renewal; `undefined` when there is nothing to send. */
  take(): string | undefined {
    const note = this.#isDue || this.#isInDoubt ? this.#newest : undefined
    this.#isDue = false
    return note
  }

  /** A renewal that carried a note was not answered: it may arrive late, or never. */
  doubt(): void {
    this.#isInDoubt = true
  }
}
