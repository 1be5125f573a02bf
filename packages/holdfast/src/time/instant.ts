/** A moment that is known already, as a date: here no clock is read, which `Date` alone would do. */

/** Of milliseconds since 1970, or of text in the form of ISO 8601. */
export function instant(of: number | string): Date {
  return new Date(of)
}

export function isInstant(value: unknown): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime())
}
