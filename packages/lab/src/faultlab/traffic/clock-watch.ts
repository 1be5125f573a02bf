/** A worker notices that its wall clock has moved against its monotonic one, and writes it down: the proof that a jump reached it. */
import type { Recorder } from '../../timeline/history.ts'

/** The moment's name in the history. */
export const CLOCK_SEEN = 'clock-seen'

const LOOK_MS = 25
/** Slewing is much less between two looks; the smallest jump that the lab makes is more. */
const JUMP_MS = 100

export function watchClock(recorder: Recorder): void {
  const apart = (): number => Date.now() - Number(process.hrtime.bigint() / 1_000_000n)
  let knownMs = apart()
  setInterval(() => {
    const byMs = apart() - knownMs
    if (Math.abs(byMs) < JUMP_MS) return
    knownMs += byMs
    recorder.signal(CLOCK_SEEN, '', { byMs })
  }, LOOK_MS).unref()
}
