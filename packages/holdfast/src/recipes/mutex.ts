/** One holder at a time: weight 1 of 1. */
import type { Place } from './lock.ts'

export function mutexPlace(name: string): Place {
  return { name, mode: 'exclusive', weight: 1, capacity: 1 }
}
