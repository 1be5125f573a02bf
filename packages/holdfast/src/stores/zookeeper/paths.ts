/** The layout of the nodes, all below one root. Encoded resources have no slash. */

/** The base of the tokens, whose version every enter compares. */
export const BASE_PATH = '/base'
/** Written for the clock of the leader, and for the newest transaction. */
export const CLOCK_PATH = '/now'
/** The lines. It is written whenever a line is made. */
export const LINES_PATH = '/l'
/** The evictions. */
export const MARKS_PATH = '/e'

export function linePath(resource: string): string {
  return `${LINES_PATH}/${resource}`
}

/** The evictions of the claims of one session, which end with it. */
export function marksPath(sessionId: bigint): string {
  return `${MARKS_PATH}/${BigInt.asUintN(64, sessionId).toString(16)}`
}
