/** One holder at a time: weight 1 of 1. */
import type { LockShape } from '../lease/lock-shape.ts'

export function mutexShape(name: string): LockShape {
  return { name, mode: 'exclusive', weight: 1, capacity: 1 }
}
