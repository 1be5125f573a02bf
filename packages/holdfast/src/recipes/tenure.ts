/** One hold of a recipe, as the recipe sees it: its lease, its duty, how it fares, and what it shows on the line. */
import type { LockClient } from '../client/client.ts'
import { observe } from '../client/observe.ts'
import type { HeldLease } from '../lease/held-lease.ts'
import { boundedText } from '../store/bounded-text.ts'
import { NOTE_BYTES_MAX } from '../store/limits.ts'
import { Duty, type DutyOptions } from './duty.ts'

export class Tenure {
  readonly lease: HeldLease
  readonly duty: Duty
  readonly #client: LockClient
  readonly #startedMs: number
  readonly #over = new AbortController()
  readonly #stopListening: readonly (() => void)[]
  #jeopardySinceMs: number | undefined
  #newest: string | undefined

  constructor(client: LockClient, lease: HeldLease, options: DutyOptions) {
    this.#client = client
    this.lease = lease
    this.#startedMs = client.clock.monotonicMs()
    this.duty = new Duty(client, lease, options)
    const isMine = ({ token }: { readonly token: bigint }): boolean => token === lease.ref.token
    this.#stopListening = [
      client.events.on('jeopardy', (event) => {
        if (isMine(event)) this.#jeopardySinceMs ??= client.clock.monotonicMs()
      }),
      client.events.on('renewed', (event) => {
        if (isMine(event)) this.#jeopardySinceMs = undefined
      }),
    ]
  }

  get heldMs(): number {
    return this.#client.clock.monotonicMs() - this.#startedMs
  }

  /** For how long the lease could not be renewed, or the work was stopping after its loss; absent while all is well. */
  get jeopardyForMs(): number | undefined {
    if (this.lease.signal.aborted) return this.duty.stoppingForMs
    return this.#jeopardySinceMs === undefined ? undefined : this.#client.clock.monotonicMs() - this.#jeopardySinceMs
  }

  /** Whether it is at work now: not from the moment on in which it was to stop. */
  get isActive(): boolean {
    return this.lease.isHeld() && !this.duty.stopping.aborted
  }

  /** Replaces the note, and resolves when the store shows it or a later one. `option` names the text in an error. */
  async publish(option: string, text: string): Promise<void> {
    const note = boundedText(option, text, NOTE_BYTES_MAX)
    this.lease.assertHeld()
    this.lease.setNote(note)
    this.#newest = note
    const { name, signal } = this.lease
    const ends = AbortSignal.any([signal, this.#over.signal])
    for await (const { claims } of observe(this.#client, name, { signal: ends })) {
      if (claims.some((claim) => claim.token === this.lease.ref.token && claim.note === this.#newest)) return
    }
    this.lease.assertHeld()
    // `stopBefore` came first: the lease is held, and no longer to be used.
    signal.throwIfAborted()
  }

  end(): void {
    for (const stop of this.#stopListening) stop()
    this.duty.end()
    this.#over.abort()
  }
}
