/** What the rule is asked about, by the names of a line. */
import type { LineAhead, LineEntry } from '../sessions/engine.ts'
import { distance, type NodeName, sequenceOf } from './node-name.ts'

/** Only mutex claims are in the line: the last one in front decides, and how many there are. */
export function plainAhead(names: readonly string[], key: string): LineAhead | undefined {
  const own = sequenceOf(key)
  let [count, nearest, isThere] = [0, Number.POSITIVE_INFINITY, false]
  let previous = ''
  for (const name of names) {
    isThere ||= name === key
    const behind = distance(own, sequenceOf(name))
    if (behind <= 0) continue
    count += 1
    if (behind < nearest) [nearest, previous] = [behind, name]
  }
  if (!isThere) return undefined
  const ownEntry = plainEntry(key)
  return count === 0
    ? { entries: [ownEntry], unread: 0 }
    : { entries: [plainEntry(previous), ownEntry], unread: count - 1 }
}

export function plainEntry(key: string): LineEntry {
  return { key, id: '', weight: 1, capacity: 1, isLingering: false }
}

export function entryOf({ name, id, weight, capacity, sequence }: NodeName, endsInMs: number | undefined): LineEntry {
  const entry = { key: name, id, weight, capacity, isLingering: sequence === undefined }
  return endsInMs === undefined ? entry : { ...entry, endsInMs }
}
