/** A count that an option gives, from 1 to a limit. */
import { Misuse } from '../store/errors.ts'

export function wholeNumber(option: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return
  throw new Misuse(`${option} must be a whole number from 1 to ${max}, got ${String(value)}`)
}
