/**
 * Whether a value is computed anew before it is old: the longer it took and the nearer its end, the likelier. From "Optimal
 * Probabilistic Cache Stampede Prevention" (Vattani, Chierichetti, Lowenstein, 2015).
 */
export function isEarly(tookMs: number, leftMs: number, eagerness: number): boolean {
  return -tookMs * eagerness * Math.log(1 - Math.random()) >= leftMs
}
