/** One clock for all processes of a run, and waiting for a moment on it. */

const SAMPLES = 16
const originMs = closestOrigin()

/** A process that lost its core between the two readings would be wrong for all its life: the closest pair counts. */
function closestOrigin(): number {
  let best = { originMs: 0, spreadMs: Number.POSITIVE_INFINITY }
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const beforeMs = performance.now()
    const machineMs = Number(process.hrtime.bigint()) / 1e6
    const spreadMs = performance.now() - beforeMs
    if (spreadMs < best.spreadMs) best = { originMs: machineMs - beforeMs - spreadMs / 2, spreadMs }
  }
  return best.originMs
}

/** Monotonic milliseconds; on one machine the same clock in every process. */
export function nowMs(): number {
  return originMs + performance.now()
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Milliseconds of CPU that this process has used, in all of its threads. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
