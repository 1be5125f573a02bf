/** Times and claims in words, as people read them. */
import type { LineRow } from '../line-row.ts'

const UNITS = [
  { ms: 86_400_000, unit: 'd' },
  { ms: 3_600_000, unit: 'h' },
  { ms: 60_000, unit: 'm' },
] as const

/** The largest unit that fits; a `+` where it was longer than anything here can know. */
export function durationText(ms: number, isAtLeast = false): string {
  const plus = isAtLeast ? '+' : ''
  for (const { ms: unitMs, unit } of UNITS) {
    if (ms >= unitMs) return `${Math.floor(ms / unitMs)} ${unit}${plus}`
  }
  return ms >= 1_000 || ms === 0 ? `${Math.floor(ms / 1_000)} s${plus}` : `${Math.round(ms)} ms${plus}`
}

/** What is left, `passedMs` after it was told. */
export function endText(endsInMs: number | null, passedMs: number): string {
  if (endsInMs === null) return '–'
  const leftMs = endsInMs - passedMs
  return leftMs > 0 ? durationText(Math.max(1_000, leftMs)) : 'should have ended'
}

/** State by shape and word, never by colour alone. */
export function stateText({ state, holders, kind }: LineRow): string {
  if (state === 'unreadable') return '! unreadable'
  if (state === 'waiting') return '◇ free soon'
  if (state === 'lingering') return '◌ lingers'
  return kind === 'mutex' || holders === 1 ? '■ held' : `▤ held by ${holders}`
}

/** The first thing that a person wants to know about one lock. */
export function lineSentence(row: LineRow, passedMs: number): string {
  if (row.state === 'unreadable') return `It cannot be read: ${row.why ?? ''}`
  const forText = durationText(row.forMs + passedMs, row.isAtLeast)
  const others = row.holders > 1 ? ` and ${row.holders - 1} more` : ''
  const verb = row.state === 'held' ? 'Held' : row.state === 'lingering' ? 'Kept taken after the end of' : 'Asked for'
  const first = `${verb}${row.state === 'lingering' ? '' : ' by'} ${row.owner}${others} for ${forText}`
  if (row.waiters === 0) return `${first}, none waits.`
  const oldest = durationText((row.oldestWaitMs ?? 0) + passedMs)
  return `${first}, ${row.waiters} ${row.waiters === 1 ? 'waits' : 'wait'}, the first since ${oldest}.`
}

const PLAIN = /^[A-Za-z0-9._:-]$/

/** A name in a path: each byte but those of plain names as `@` and two hex digits, as in a sequencer. */
export function spellingOf(name: string): string {
  return [...new TextEncoder().encode(name)]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      return PLAIN.test(character) ? character : `@${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}

export function nameOf(spelling: string): string {
  try {
    return decodeURIComponent(spelling.replaceAll('%', '%25').replaceAll('@', '%'))
  } catch {
    return spelling
  }
}
