/** What a process of a test tells its parent for as long as it believes to hold something. */
import { systemClock } from '../time/clock.ts'

export interface Belief {
  readonly held: string
  readonly token: string
  /** On the clock that the processes of a machine share. */
  readonly atMs: number
}

const LOOK_MS = 2

/** Ends when it is held no more. `use` is called after each look. */
export async function tellWhile(
  { held, token }: { readonly held: string; readonly token: bigint },
  isHeld: () => boolean,
  use: () => void = () => undefined,
): Promise<void> {
  for (;;) {
    // Read before the answer: a process that is stopped between the two has only believed it earlier.
    const atMs = systemClock.monotonicMs()
    if (!isHeld()) return
    process.send?.({ held, token: String(token), atMs } satisfies Belief)
    use()
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
