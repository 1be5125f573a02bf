/** What one acquisition was validated to: the options of the caller with every default filled in. */

/** Whole milliseconds, nothing optional that has a default. */
export interface AcquireSettings {
  readonly ttlMs: number
  readonly waitMs: number
  readonly signal: AbortSignal | undefined
  readonly stopBeforeMs: number
  readonly lockDelayMs: number
  readonly minHoldMs: number
  readonly note: string
  readonly reentrant: boolean
  readonly detached: boolean
}
