/** A change of a lock as one line for people and as one document for scripts. */
import { shortDuration } from './text.ts'
import type { Change, View } from './watch-view.ts'

/** A document of `watch --json`. Fields may be added, never changed or removed. */
export interface ChangeDocument {
  readonly event: Change['kind']
  /** When it was seen, by this machine's clock. */
  readonly at: string
  /** Whether it was so at the first look already. */
  readonly initial: boolean
  readonly namespace: string
  readonly name: string
  readonly id: string | null
  readonly token: string | null
  readonly place: number | null
  readonly endsInMs: number | null
  readonly owner: string | null
  readonly note: string | null
}

export function changeDocument(
  change: Change,
  where: { readonly namespace: string; readonly at: Date; readonly initial: boolean },
): ChangeDocument {
  const { kind, name, line, claim, place } = change
  const token = kind === 'missed' ? line.lastToken : claim?.token
  return {
    event: kind,
    at: where.at.toISOString(),
    initial: where.initial,
    namespace: where.namespace,
    name,
    id: claim?.id ?? null,
    token: token === undefined ? null : String(token),
    place: place ?? null,
    endsInMs: claim?.endsInMs === undefined ? null : Math.round(claim.endsInMs),
    owner: claim?.owner ?? null,
    note: claim?.note ?? null,
  }
}

export function changeInWords({ kind, name, line, claim, place }: Change): string {
  const who = claim?.owner ?? ''
  const note = claim === undefined || claim.note === '' ? '' : ` (${claim.note})`
  switch (kind) {
    case 'held':
      return `${name}: ${who} holds it, token ${claim?.token}${note}`
    case 'waiting':
      return `${name}: ${who} waits, place ${place}${note}`
    case 'lingering': {
      const rest = claim?.endsInMs === undefined ? '' : ` for another ${shortDuration(claim.endsInMs)}`
      return `${name}: ${who} holds it no more, and nobody gets it${rest} (lock-delay or minimum hold)`
    }
    case 'ended':
      return claim?.state === 'lingering'
        ? `${name}: its lock-delay or minimum hold is over`
        : `${name}: ${who} holds it no more`
    case 'withdrawn':
      return `${name}: ${who} waits no more`
    case 'missed':
      return `${name}: was taken and given back between two looks, last token ${line.lastToken}`
  }
}

/** `14:03:59`, of the time zone of this machine. */
export function timeOfDay(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}

/** Which changes are seen late, and why; `undefined` where none is. */
export function polledInWords(
  view: View | undefined,
  { observersMax, intervalMs }: { readonly observersMax: number; readonly intervalMs: number },
): string | undefined {
  if (view === undefined || view.polled === 0) return undefined
  const why = observersMax === 0 ? 'this store tells nobody of changes' : `at most ${observersMax} are observed`
  return `looked at every ${shortDuration(intervalMs)}: ${view.polled} of ${view.lines.length} locks (${why})`
}
