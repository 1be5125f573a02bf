/**
 * Which clock the moments in a file are of. Moments of another clock say nothing here: the machine was started anew, or
 * another machine is at work. A boot id of its own, as some containers have, is no other clock: all processes of one
 * kernel share it.
 */
import { WALL_EPOCH } from './process-identity.ts'

export interface ClockEpoch {
  /** The boot id as the process sees it, or `wall`. */
  readonly boot: string
  /** When the clock began, on the wall clock. Moves when the wall clock is set, and while the machine is suspended. */
  readonly startedAtMs: number
}

/** Two boots of a machine lie further apart than this, and two looks at one clock do not. */
const SAME_START_MS = 1_000

/** The epoch of a process whose clock shows `nowMs`. */
export function epochAt(boot: string, nowMs: number, wallMs: number): ClockEpoch {
  return { boot, startedAtMs: Math.round(wallMs - nowMs) }
}

/** With the start by which the scale of tokens is measured: what `startedAtMs` was when the clock was first seen. */
export function encodeEpoch({ boot, startedAtMs }: ClockEpoch, scaleStartMs: number): string {
  return `${boot} ${startedAtMs} ${scaleStartMs}`
}

/** `undefined` where none was written. */
export function scaleStartIn(text: string): number | undefined {
  const [, , scaleStartMs] = text.split(' ')
  return scaleStartMs === undefined ? undefined : Number(scaleStartMs)
}

/** A file of format 1 has no start. */
export function decodeEpoch(text: string): ClockEpoch {
  const [boot = '', startedAtMs = 'unknown'] = text.split(' ')
  return { boot, startedAtMs: Number(startedAtMs) }
}

/** Known to be one clock. */
export function isSameClock(one: ClockEpoch, other: ClockEpoch): boolean {
  return one.boot === other.boot || (!isUnlike(one, other) && beganTogether(one, other))
}

/** Whether one reads the wall clock and the other does not. */
export function isUnlike(one: ClockEpoch, other: ClockEpoch): boolean {
  return (one.boot === WALL_EPOCH) !== (other.boot === WALL_EPOCH)
}

/** False as well when the wall clock was set in between. */
export function beganTogether(one: ClockEpoch, other: ClockEpoch): boolean {
  return Math.abs(one.startedAtMs - other.startedAtMs) < SAME_START_MS
}
