/** The shapes a network breaks into, as pairs that do not hear each other: for `Hosts.cut`. */

/** `from` is not heard by `to`. */
export interface Deafness<T> {
  readonly from: T
  readonly to: T
}

/** One is alone, and hears no other. */
export function isolated<T>(one: T, others: readonly T[]): Deafness<T>[] {
  return others.filter((other) => other !== one).flatMap((other) => bothWays(one, other))
}

/** Two sides that do not hear each other. */
export function divided<T>(left: readonly T[], right: readonly T[]): Deafness<T>[] {
  return left.flatMap((one) => right.flatMap((other) => bothWays(one, other)))
}

/**
 * Each node hears a majority, itself counted, and no two hear the same one: each hears its nearest on a ring. Among fewer
 * than five each hears all.
 */
export function ring<T>(all: readonly T[]): Deafness<T>[] {
  const reach = Math.ceil(Math.floor(all.length / 2) / 2)
  return all.flatMap((one, index) =>
    all.flatMap((other, place): Deafness<T>[] => {
      const around = Math.abs(index - place)
      const apart = Math.min(around, all.length - around)
      return apart > reach ? [{ from: one, to: other }] : []
    }),
  )
}

/** One node hears all others, and none hears it. */
export function muted<T>(one: T, others: readonly T[]): Deafness<T>[] {
  return others.filter((other) => other !== one).map((other) => ({ from: one, to: other }))
}

function bothWays<T>(one: T, other: T): Deafness<T>[] {
  return [
    { from: one, to: other },
    { from: other, to: one },
  ]
}
