/** Judges one act by its events alone: what was charged, what was written, and whether the act showed what it claims. */
import { checkGuardOrder } from '@holdfast/lab/judge/guard-order'
import { readHistory } from '@holdfast/lab/judge/record'
import type { HistoryEvent } from '@holdfast/testbed/history'
import { type Act, SEAT, SHOP } from './acts.ts'

export interface Count {
  readonly buyers: number
  readonly charged: number
  readonly refunded: number
  /** What the shop's own table says, not what the buyers believe. */
  readonly tickets: number
  /** Writes the database turned down because it had seen a newer token. */
  readonly refused: number
  /** Writes the database accepted although it had accepted a newer token before. */
  readonly staleAccepted: number
  readonly soldOut: number
  /** How long one process was stopped while another one got the lock; 0 when none did. */
  readonly pausedMs: number
  /** Buyers that ended with an error. */
  readonly failed: readonly string[]
}

export interface Verdict extends Count {
  /** Whether the act really showed what it claims. */
  readonly shown: boolean
  /** Why it did not; empty when it did. */
  readonly missing: readonly string[]
  readonly text: string
}

export function verdictOf(act: Act, events: readonly HistoryEvent[], buyers: number): Verdict {
  const count = countOf(events)
  const missing = missingOf(act, count, buyers)
  return { ...count, shown: missing.length === 0, missing, text: textOf(count) }
}

function countOf(events: readonly HistoryEvent[]): Count {
  const moments = (f: string): readonly HistoryEvent[] => events.filter((event) => event.e === 'sig' && event.f === f)
  const done = moments('done')
  const outcomes = (outcome: string): readonly HistoryEvent[] =>
    done.filter((event) => event.in?.['outcome'] === outcome)
  return {
    buyers: done.length,
    charged: moments('charged').length,
    refunded: moments('refunded').length,
    tickets: moments('commit').filter((event) => event.p === SHOP).length,
    refused: events.filter((event) => event.f === 'write' && event.err?.code === 'STALE_TOKEN').length,
    staleAccepted: checkGuardOrder(readHistory(events)).length,
    soldOut: outcomes('sold out').length,
    pausedMs: effectivePauseMs(moments('nemesis'), events),
    failed: outcomes('failed').map((event) => `${event.c}: ${String(event.in?.['message'])}`),
  }
}

/**
 * A pause in which no other process got the lock has shown nothing. It begins where the stopped process announced its last
 * check, for it has done nothing since: on a busy machine the SIGSTOP itself comes later.
 */
function effectivePauseMs(nemesis: readonly HistoryEvent[], events: readonly HistoryEvent[]): number {
  const stop = nemesis.find((event) => event.in?.['kind'] === 'pause')
  const to = nemesis.find((event) => event.in?.['kind'] === 'resume')
  const target = stop?.in?.['target']
  const from = events.find((event) => event.f === 'paid' && event.p === target)
  if (from === undefined || to === undefined) return 0
  const during = ({ t }: HistoryEvent): boolean => BigInt(t) > BigInt(from.t) && BigInt(t) < BigInt(to.t)
  const taken = events.some((event) => event.f === 'acquire' && event.e === 'ok' && event.p !== target && during(event))
  return taken ? Number(BigInt(to.t) - BigInt(from.t)) / 1e6 : 0
}

function missingOf(act: Act, count: Count, buyers: number): string[] {
  const unpaid = count.charged - count.refunded - count.tickets
  const demands: readonly (readonly [boolean, string])[] = [
    [count.failed.length === 0, `no buyer fails, but ${count.failed.length} did: ${count.failed[0] ?? ''}`],
    [count.buyers === buyers, `all ${buyers} buyers come to an end, but ${count.buyers} did`],
    [unpaid === 0, `every ticket is paid and every other charge refunded; the books are off by ${unpaid}`],
    [!act.pause || count.pausedMs > 0, 'another process gets the lock while its holder is stopped'],
    ...(act.expects === 'oversold' ? oversoldDemands(act, count) : soldOnceDemands(count)),
  ]
  return demands.filter(([met]) => !met).map(([, demand]) => demand)
}

function oversoldDemands(act: Act, count: Count): readonly (readonly [boolean, string])[] {
  return [
    [count.tickets > 1, `the seat is sold more than once; tickets written: ${count.tickets}`],
    [!act.pause || count.staleAccepted > 0, 'the database accepts a write with an older token than it has seen'],
  ]
}

function soldOnceDemands(count: Count): readonly (readonly [boolean, string])[] {
  return [
    [count.tickets === 1, `the seat is sold once; tickets written: ${count.tickets}`],
    [count.refused > 0, 'the database refuses the stale write'],
    [count.staleAccepted === 0, 'the database accepts no older token than it has seen'],
  ]
}

function textOf({ charged, refunded, tickets }: Count): string {
  const cards = `${plural(charged, 'card')} charged${refunded === 0 ? '' : `, ${refunded} refunded`}`
  const sold = tickets === 1 ? 'sold once' : `sold ${tickets} times`
  return `${cards}, ${plural(tickets, 'ticket')} for seat ${SEAT}: ${sold}.`
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
