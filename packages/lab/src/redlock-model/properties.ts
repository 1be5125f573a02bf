/** What must hold of every grant, whatever happened before. */
import { at, phases, type Shape, type State } from './shape.ts'

export const properties = {
  U: 'no two grants have the same token',
  R: 'a grant that was complete before another attempt began has the smaller token',
} as const

export type Property = keyof typeof properties

/** What a grant of this token to this attempt breaks. */
export function broken(shape: Shape, state: State, attempt: number, token: number): Property | undefined {
  for (let other = 0; other < shape.attempts; other += 1) {
    const isGranted = at(state, shape.phase(other)) === phases.granted
    if (isGranted && at(state, shape.granted(other)) === token) return 'U'
  }
  return token <= at(state, shape.floor(attempt)) ? 'R' : undefined
}
