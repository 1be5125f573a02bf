/** A wall clock for each worker's place. */
import { openSkewedClock, type SkewedClock } from '@holdfast/testbed/os/skewed-clock'

export interface WorkerClocks {
  of(place: string): SkewedClock | undefined
  close(): void
}

export async function openWorkerClocks(places: readonly string[]): Promise<WorkerClocks> {
  const clocks = new Map<string, SkewedClock>()
  for (const place of places) clocks.set(place, await openSkewedClock())
  return {
    of: (place) => clocks.get(place),
    close: () => {
      for (const clock of clocks.values()) clock.close()
    },
  }
}
