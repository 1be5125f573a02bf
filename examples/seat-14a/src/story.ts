/** Tells one act in plain sentences, event by event: the same lines for the terminal while it runs and for the page after it. */
import type { HistoryEvent } from '@holdfast/testbed/history'
import type { Moment } from '@holdfast/lab/timeline/page'
import { type Act, SEAT } from './acts.ts'

/** Further tickets of a badly oversold seat are only counted. */
const TICKETS_TOLD_MAX = 4

export class Story {
  readonly #act: Act
  #paused: string | undefined
  #tickets = 0
  #arrivals = 0

  constructor(act: Act) {
    this.#act = act
  }

  /** Takes events in time order; most of them are worth no sentence. */
  tell(event: HistoryEvent): Moment[] {
    const line = this.#line(event)
    if (line === undefined) return []
    return [{ t: event.t, tone: line.tone, text: `${line.text.charAt(0).toUpperCase()}${line.text.slice(1)}` }]
  }

  #line(event: HistoryEvent): Omit<Moment, 't'> | undefined {
    const who = event.c ?? event.p
    switch (`${event.f} ${event.e}`) {
      case 'acquire ok':
        return this.#granted(event, who)
      case 'read ok':
        return this.#looked(event, who)
      case 'paid sig':
        if (this.#act.way === 'no-lock') return undefined
        return plain(`${who} has paid, and asks once more: do I still hold the lock? Yes.`)
      case 'nemesis sig':
        return this.#nemesis(event)
      case 'write ok':
        return this.#wrote(event, who)
      case 'write fail':
        return good(`The database refuses ${who}'s ticket: ${event.err?.message ?? ''}`)
      case 'refund ok':
        if (event.out?.['because'] === 'lost')
          return plain(`${who} finds its lease over before the write: its card is refunded, and it queues once more.`)
        return good(`${who} is refunded. A lock cannot un-charge a card; the refusal is how the program knows it must.`)
      case 'lost-signal sig':
        return plain(`${who} is told that its lease is over${this.#act.way === 'lock' ? ', one write too late' : ''}.`)
      case 'done sig':
        return event.in?.['outcome'] === 'failed' ? bad(`${who} failed: ${String(event.in['message'])}`) : undefined
      default:
        return undefined
    }
  }

  /** Only the first holder and the one that overtakes a stopped one; buyers that come after the sale are counted elsewhere. */
  #granted(event: HistoryEvent, who: string): Omit<Moment, 't'> | undefined {
    const first = this.#arrivals++ === 0
    if (!first && (this.#paused === undefined || this.#tickets > 0)) return undefined
    const why = first ? '' : 'the lease of the stopped one has run out: '
    return plain(`${why}${who} in ${event.p} gets the lock, token ${String(event.out?.['token'])}.`)
  }

  #looked(event: HistoryEvent, who: string): Omit<Moment, 't'> | undefined {
    if (event.out?.['free'] !== true) return undefined
    if (this.#act.way !== 'no-lock')
      return plain(`${who} looks: seat ${SEAT} is free. Charging the card takes a while …`)
    if (this.#arrivals++ >= 3) return undefined
    return plain(`${who} in ${event.p} looks: seat ${SEAT} is free. Charging the card takes a while …`)
  }

  #nemesis(event: HistoryEvent): Omit<Moment, 't'> {
    const target = String(event.in?.['target'])
    if (event.in?.['kind'] !== 'pause')
      return plain(`${target} goes on (SIGCONT), exactly where it was: before its write.`)
    this.#paused = target
    return bad(`${target} is stopped (SIGSTOP), after that check and before the write.`)
  }

  #wrote(event: HistoryEvent, who: string): Omit<Moment, 't'> | undefined {
    this.#tickets++
    const ticket = Number(event.out?.['ticket'])
    if (ticket === 1) return plain(`${who} gets ticket 1 for seat ${SEAT}.`)
    if (this.#tickets > TICKETS_TOLD_MAX + 1) return undefined
    if (this.#tickets > TICKETS_TOLD_MAX) return bad('… and so on.')
    const late = event.p === this.#paused ? ', with a lock that is not its own any more' : ''
    return bad(`${who} gets ticket ${ticket} for the same seat${late}.`)
  }
}

function plain(text: string): Omit<Moment, 't'> {
  return { text, tone: 'plain' }
}
function bad(text: string): Omit<Moment, 't'> {
  return { text, tone: 'bad' }
}
function good(text: string): Omit<Moment, 't'> {
  return { text, tone: 'good' }
}
