/** What the conductor and its workers agree on. */

/** The lease of a leader. */
export const TTL_MS = 500
