/** What a test of a database starts, so that it ends with the test. */
import type { OpenStore, Store } from '../store/store.ts'
import { opened } from './opened.fixture.ts'

interface Closable {
  close(): Promise<unknown>
}

export class DatabaseStage implements AsyncDisposable {
  readonly #endings: (() => Promise<unknown> | void)[] = []

  /** Ends it when the test ends, the last one first. */
  keep<Kept>(kept: Kept, end: (kept: Kept) => Promise<unknown> | void): Kept {
    this.#endings.push(() => end(kept))
    return kept
  }

  async started<Server extends Closable>(server: Promise<Server>): Promise<Server> {
    return this.keep(await server, (each) => each.close())
  }

  async opened(store: Store): Promise<OpenStore> {
    return this.keep(await opened(store), (open) => open.close())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#endings.toReversed()) await end()
  }
}
