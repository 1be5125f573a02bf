/**
 * A worker looks at its clocks and writes down what it sees: that its wall clock has moved against its monotonic one, the
 * proof that a jump reached it; and that the machine did not run it for a while, which is as good as a stop.
 */
import { STALLED } from '../../judge/record.ts'
import type { Recorder } from '@holdfast/testbed/history'

/** The moment's name in the history. */
export const CLOCK_SEEN = 'clock-seen'

const LOOK_MS = 25
/** Slewing is much less between two looks; the smallest jump that the lab makes is more. */
const JUMP_MS = 100
const STALL_MS = 100

/** Answers how to stop it. */
export function watchClock(recorder: Recorder): () => void {
  const upMs = (): number => Number(process.hrtime.bigint() / 1_000_000n)
  let lookedMs = upMs()
  let apartMs = Date.now() - lookedMs
  const timer = setInterval(() => {
    const nowMs = upMs()
    const ms = nowMs - lookedMs
    lookedMs = nowMs
    // A timer comes before whatever else waits for the loop, so this is written before anything late is used. It counts
    // from the last look: the process stopped at an unknown moment after it.
    if (ms > LOOK_MS + STALL_MS) recorder.signal(STALLED, '', { ms })
    const byMs = Date.now() - nowMs - apartMs
    if (Math.abs(byMs) < JUMP_MS) return
    apartMs += byMs
    recorder.signal(CLOCK_SEEN, '', { byMs })
  }, LOOK_MS).unref()
  return () => clearInterval(timer)
}
