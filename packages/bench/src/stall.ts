/** The longest time the event loop did not turn. */
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Finer, and the measuring itself would be a good part of the CPU it is measured beside. */
const RESOLUTION_MS = 10

export function watchStalls(): { stop(): number } {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  return {
    stop: () => {
      histogram.disable()
      // It records the time between two ticks of a timer, the regular pause included.
      return Math.max(0, histogram.max / 1e6 - RESOLUTION_MS)
    },
  }
}
