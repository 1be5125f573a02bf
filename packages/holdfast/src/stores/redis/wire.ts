/** What the scripts answer and publish, in the terms of the seam. Numbers travel as text, times as µs of the server. */
import type { Stamp } from '../../time/clock.ts'
import { formatMs } from '../../time/duration.ts'
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import type { Queued, Held, Standing } from '../../store/standing.ts'
import { replyFields } from '../redis-driver/answers.ts'
import type { ServerClock } from '../../store/server-clock.ts'

/** Told when a request was sent and what the server's clock showed in its answer. */
export type NoteTime = (askedAt: Stamp, serverUs: number) => void

/** A standing, and when the server said so. */
export interface TimedStanding {
  readonly standing: Standing
  readonly atUs: number
}

export interface ClaimMessage extends TimedStanding {
  /** The key of the line. */
  readonly line: string
  readonly id: string
}

/** What a short way answers for a claim: a moment of the server, from which the life is the ttl that was asked for. */
export function heldSince(
  moment: string,
  { token, ttlMs }: { readonly token: bigint; readonly ttlMs: number },
  askedAt: Stamp,
  note: NoteTime,
): TimedStanding {
  const atUs = Number(moment)
  note(askedAt, atUs)
  return { standing: { kind: 'held', token, askedAt, lifeMs: ttlMs, provisional: false }, atUs }
}

/** What the short way of entering answers for a whole batch: the moment and the token of its first claim. */
export function grantedTogether(
  text: string,
  { place, ttlMs }: { readonly place: number; readonly ttlMs: number },
  askedAt: Stamp,
  note: NoteTime,
): TimedStanding {
  const space = text.indexOf(' ')
  const token = BigInt(text.slice(space + 1)) + BigInt(place)
  return heldSince(text.slice(0, space), { token, ttlMs }, askedAt, note)
}

/** Of one claim; an answer that is not one of these is another program's, or another version's. */
export function decodeReply(answer: unknown, askedAt: Stamp, note: NoteTime): TimedStanding {
  const [kind, ...words] = replyFields(answer)
  switch (kind) {
    case 'held': {
      const [now, token, life, provisional] = words
      note(askedAt, Number(now))
      return { standing: held(token, life, provisional === '1', askedAt), atUs: Number(now) }
    }
    case 'queued': {
      const [now, ahead, life, freeIn] = words
      note(askedAt, Number(now))
      return { standing: queued(Number(ahead), life, freeIn), atUs: Number(now) }
    }
    case 'busy':
      return ended({ kind: 'refused', because: 'busy', recheckInMs: msOf(words[0]) })
    case 'capacity':
      return ended({ kind: 'refused', because: 'capacity', capacity: Number(words[0]) })
    case 'full':
      return ended({ kind: 'refused', because: 'full' })
    case 'again':
      throw new NotApplied('enter: more claims have ended than one script of Redis removes')
    case 'late':
      note(askedAt, Number(words[0]))
      throw new NotApplied('enter: the request came to Redis too late, and began nothing')
    case 'clock':
      throw new StoreUnavailable(
        `enter: the clock of Redis (${Math.round(msOf(words[0]))} ms since 1970) is ${formatMs(msOf(words[0]) - askedAt.wallMs)} ahead of the clock of this machine, and the server remembers no token: set the wrong one right`,
        { isFinal: true },
      )
    case 'damaged':
      throw new NotApplied(
        `enter: Redis evicted a part of this lock's record, and its last holder cannot be known: it is refused for ${Math.ceil(msOf(words[0]) / 1000)} s, until every claim has ended`,
      )
    case 'gone':
      return ended(gone(words[0]))
    default:
      throw new StoreUnavailable('a script of Holdfast in Redis gave an answer that this version does not know', {
        isFinal: true,
      })
  }
}

/** `undefined` for what cannot be used: the receiver then looks for itself. */
export function messageOf(
  text: string,
  clock: Pick<ServerClock, 'stampAt'>,
): ClaimMessage | { readonly line: string; readonly id: string } | undefined {
  const [kind, line, id, now, ...words] = text.split('|')
  if (line === undefined || id === undefined) return undefined
  const atUs = Number(now)
  switch (kind) {
    case 'held': {
      const askedAt = clock.stampAt(atUs)
      if (askedAt === undefined) return { line, id }
      return { line, id, atUs, standing: held(words[0], words[1], true, askedAt) }
    }
    case 'head':
      return { line, id, atUs, standing: queued(0, words[1], words[0]) }
    case 'gone':
      return { line, id, atUs, standing: gone(words.join('|')) }
    default:
      return undefined
  }
}

function held(token: string | undefined, life: string | undefined, provisional: boolean, askedAt: Stamp): Held {
  return { kind: 'held', token: BigInt(token ?? 0), askedAt, lifeMs: msOf(life), provisional }
}

function queued(ahead: number, life: string | undefined, freeIn: string | undefined): Queued {
  const standing = { kind: 'queued', ahead, lifeMs: msOf(life) } as const
  return ahead > 0 ? standing : { ...standing, recheckInMs: msOf(freeIn) }
}

/** Nothing comes after it. */
function ended(standing: Standing): TimedStanding {
  return { standing, atUs: Number.POSITIVE_INFINITY }
}

function gone(reason: string | undefined): Standing {
  return reason === undefined ? { kind: 'gone' } : { kind: 'gone', reason }
}

function msOf(us: string | undefined): number {
  return Number(us) / 1000
}
