/** A recipe on a store that may lose a lock is told of, once, where the client has a logger. */
import type { LockClient } from '../client/client.ts'

export class SafetyNotice {
  #isTold = false

  /** `what` begins the sentence: which recipe it is. */
  tell(client: LockClient, what: string): void {
    if (this.#isTold) return
    client.open().then(
      ({ facts: { safetyClass, engine, reasons } }) => {
        if (safetyClass !== 'best-effort' || this.#isTold) return
        this.#isTold = true
        client.logger?.warn(`${what} is on a best-effort store, ${engine}: ${reasons[0]}`)
      },
      // Whatever is asked of the store next says so.
      () => undefined,
    )
  }
}
