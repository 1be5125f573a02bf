/** What a store promises, as rows for people: from the same object that the library goes by. */
import type { Facts } from 'holdfast'
import { shortDuration } from './text.ts'

export function factRows(facts: Facts): readonly (readonly [promise: string, here: string])[] {
  const { ttl } = facts
  const span = `${shortDuration(ttl.minMs)} to ${shortDuration(ttl.maxMs)}`
  const rows: [string, string][] = [
    ['engine', facts.engine],
    ['safety class', facts.safetyClass],
    ...facts.reasons.map((reason): [string, string] => ['', reason]),
    ['clock', facts.clock],
    ['expiry', facts.expiry],
    ['tokens', facts.tokens],
    ['order', facts.order],
    ['wake-up', facts.wakeUp],
    ['ttl', `per ${ttl.per}, ${span} in steps of ${shortDuration(ttl.granularityMs)}`],
  ]
  for (const what of facts.lockRisks) rows.push(['loses a lock', what])
  for (const what of facts.tokenRisks) rows.push(['breaks tokens', what])
  for (const [what, why] of Object.entries(facts.unsupported)) rows.push([`no ${what}`, why])
  return rows
}
