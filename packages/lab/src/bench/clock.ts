/** One clock for all processes of a run, and waiting for a moment on it. */

const originMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()

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
