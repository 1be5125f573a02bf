/**
 * The name of the Lease of a line. Names of Kubernetes have no capitals and at most 253 signs, so it is a hash of the line's
 * own name behind what people can read of it; the whole name stands in an annotation.
 */
import { createHash } from 'node:crypto'

const READABLE_LENGTH_MAX = 60
const HASH_LENGTH = 32

export function leaseNameOf(resource: string): string {
  const hash = createHash('sha256').update(resource).digest('hex').slice(0, HASH_LENGTH)
  const readable = resource
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, READABLE_LENGTH_MAX)
  return readable === '' ? hash : `${readable.replace(/-$/, '')}-${hash}`
}
