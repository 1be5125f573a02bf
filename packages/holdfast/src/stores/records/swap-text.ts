/**
 * A record as the text that compare-and-set engines keep, line by line: the highest token of the line, the claims and
 * observers, and for engines without a clock the beats. The format is a contract: docs/protocols/records.md.
 */
import { type LineRecord, RecordFull } from './engine.ts'
import type { Beat } from './observations.ts'
import { decodeRecord, encodeRecord } from './record.ts'

/** The longest record that is written, in characters: some engines keep no more, and every step reads all of it. */
const RECORD_LENGTH_MAX = 32_768

export interface DecodedText {
  readonly record: LineRecord
  readonly beats: readonly Beat[]
}

export function encodeText(record: LineRecord, beats?: readonly Beat[]): string {
  const text = `${record.line.lastToken}\n${encodeRecord(record)}`
  return beats === undefined ? text : `${text}\n${JSON.stringify(beats.map(({ beat, spanMs }) => [beat, spanMs]))}`
}

/** Throws `RecordFull` where more claims than before make it too long; one that is too long already may shrink. */
export function encodeGrown(before: LineRecord, written: LineRecord, beats?: readonly Beat[]): string {
  const text = encodeText(written, beats)
  const grows = written.line.claims.length > before.line.claims.length
  if (grows && text.length > RECORD_LENGTH_MAX) throw new RecordFull()
  return text
}

/** Throws `SyntaxError` for text that `encodeText` never makes. */
export function decodeText(text: string, hasBeats: boolean): DecodedText {
  const end = text.indexOf('\n')
  const [token, rest] = end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 1)]
  if (!/^\d{1,19}$/.test(token)) throw new SyntaxError('not a token')
  if (!hasBeats) return { record: decodeRecord(rest, BigInt(token)), beats: [] }
  const [claims = '', beats = '[]'] = rest.split('\n')
  const pairs: unknown = JSON.parse(beats)
  if (!Array.isArray(pairs)) throw new SyntaxError('not a list of beats')
  return {
    record: decodeRecord(claims, BigInt(token)),
    beats: pairs.map(([beat, spanMs]: [number, number]) => ({ beat, spanMs })),
  }
}

/** Whether nobody holds, waits or observes: such a record only keeps the token, and an engine may say so beside it. */
export function isIdleText(text: string): boolean {
  return text.split('\n', 2)[1] === ''
}
