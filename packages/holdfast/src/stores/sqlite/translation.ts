/**
 * What stands in a line under another clock (epoch.ts). Whether its claims are over cannot be read, so each gets a whole
 * life from now: nobody who lives loses anything, and what is dead is over then.
 */
import { type Moment, sweep } from '../../line/transition.ts'
import type { DatabaseSync } from './client.ts'
import type { LineRecord } from '../records/engine.ts'
import { decodeRecord, encodeRecord } from '../records/record.ts'
import { LINES_IN_USE, REWRITE_LINE } from './schema.ts'

/** Observers come again by themselves. */
export function translated({ line }: LineRecord, now: Moment): LineRecord {
  const endless = line.claims.map((claim) => ({ ...claim, endsAtMs: Number.POSITIVE_INFINITY }))
  return { line: sweep({ ...line, claims: endless }, now), observers: [] }
}

/** Inside a transaction: every line of the file, so that all lives begin to run out together. */
export function translateAll(database: DatabaseSync, generation: bigint, now: Moment): void {
  const read = database.prepare(LINES_IN_USE)
  read.setReadBigInts(true)
  const write = database.prepare(REWRITE_LINE)
  for (const { resource = null, token, record } of read.all()) {
    const before = decodedIfSound(String(record), token as bigint)
    if (before !== undefined) write.run(generation, encodeRecord(translated(before, now)), resource)
  }
}

/** A damaged line stays as it is, for its users to be told. */
function decodedIfSound(record: string, token: bigint): LineRecord | undefined {
  try {
    return decodeRecord(record, token)
  } catch {
    return undefined
  }
}
