/** A lease that is another one underneath, with the same token: what differs is how it ends. */
import type { Lease, LeaseState, Mode, ReleaseOutcome } from './lease.ts'
import { shownAsJson } from './lease-json.ts'

export abstract class LeaseProxy implements Lease {
  static {
    shownAsJson(LeaseProxy)
  }
  readonly #inner: Lease
  constructor(inner: Lease) {
    this.#inner = inner
  }
  get namespace(): string {
    return this.#inner.namespace
  }
  get name(): string {
    return this.#inner.name
  }
  get mode(): Mode {
    return this.#inner.mode
  }
  get token(): bigint {
    return this.#inner.token
  }
  get tokenText(): string {
    return this.#inner.tokenText
  }
  get signal(): AbortSignal {
    return this.#inner.signal
  }
  get state(): LeaseState {
    return this.#inner.state
  }
  get remainingMs(): number {
    return this.#inner.remainingMs
  }
  get sequencer(): string {
    return this.#inner.sequencer
  }
  isHeld(): boolean {
    return this.#inner.isHeld()
  }
  assertHeld(): void {
    this.#inner.assertHeld()
  }
  setNote(note: string): void {
    this.#inner.setNote(note)
  }
  abstract release(): Promise<ReleaseOutcome>
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }
}
