/** What the conductor and its members agree on. */

/** So long after its last sign of life a member is gone. */
export const TTL_MS = 500
/** Each has a total, which its owner reads, raises and writes. */
export const PARTITIONS = 6
