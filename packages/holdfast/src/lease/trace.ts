/** The trace that travels with a claim: a W3C `traceparent` behind its public note, so that every engine carries it already. */
import { Misuse } from '../store/errors.ts'
import type { ClaimView, LineView } from '../store/line-view.ts'

/** Stands in no text that a person writes, and costs one byte. */
const SEPARATOR = '\u001f'
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/
const TRACEPARENT_LENGTH = 55

/** Throws `Misuse` for what is no `traceparent`: a claim carries nothing else, and nothing longer. */
export function checkedTrace(trace: string): string {
  if (TRACEPARENT.test(trace)) return trace
  throw new Misuse('a claim carries a W3C traceparent, such as 00-<32 hex digits>-<16 hex digits>-01')
}

export function noteWithTrace(note: string, trace: string | undefined): string {
  return trace === undefined ? note : `${note}${SEPARATOR}${trace}`
}

/** A line as a caller sees it: the trace beside the note and not in it. */
export function withTraces(view: LineView): LineView {
  return { ...view, claims: view.claims.map(withTrace) }
}

function withTrace(claim: ClaimView): ClaimView {
  const at = claim.note.length - TRACEPARENT_LENGTH
  const trace = claim.note.slice(at)
  if (claim.note[at - 1] !== SEPARATOR || !TRACEPARENT.test(trace)) return claim
  return { ...claim, note: claim.note.slice(0, at - 1), trace }
}
