/** The words of a driver as they may be shown: on one line, not too long, without passwords and without the ids of claims. */

const LENGTH_MAX = 300
/** Redis repeats in some errors what it was asked with, which may be a password. */
const ARGUMENTS = /,? with args beginning with: .*$/is
/** Up to the last `@`: passwords stand in URLs that should have been encoded. */
const USERINFO = /\/\/\S*@/g
/** The id of a claim gives a lock away. */
const CLAIM_ID = /\b[0-9a-f]{32}\b/g

/** Drivers keep the command in their errors, with passwords and claim ids in it: only the words are kept. */
export function driversWords(error: unknown): string {
  const shown = wordsOf(error)
    .replace(ARGUMENTS, '')
    .replaceAll(USERINFO, '//***@')
    .replaceAll(CLAIM_ID, (id) => `${id.slice(0, 8)}…`)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .replace(/\.$/, '')
  return shown.length > LENGTH_MAX ? `${shown.slice(0, LENGTH_MAX)}…` : shown
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // A host with several addresses, none of which could be connected to: it has no words of its own.
  if (error.message === '' && error instanceof AggregateError) return error.errors.map(wordsOf).join('; ')
  return error.message === '' ? error.name : error.message
}
