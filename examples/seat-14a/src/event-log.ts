/** What the buyers of one process write down, and the announced point where the conductor may stop the process. */
import type { Lease, Locks } from 'holdfast'
import type { Detail, Operation, Recorder } from '@holdfast/testbed/history'
import { SEAT_KEY } from './acts.ts'
import { waitForConductor } from './report.ts'

/** The notes of one buyer. */
export interface EventLog {
  begin(f: string, input?: Detail): Operation
  granted(lease: Lease, acquiring: Operation): void
  /** The card is charged, a lease was asked, the ticket is not written: here the conductor is told, and decides. */
  paid(token?: string): void
  leaving(lease: Lease): void
  done(outcome: string, message?: string): void
}

interface Kept {
  readonly lease: Lease
  readonly buyer: string
  release?: Operation
}

/** The notes of all buyers of one process; what the library tells in events is written down under the buyer it is about. */
export function eventLogs(recorder: Recorder, locks: Locks): (buyer: string) => EventLog {
  const kept = new Map<bigint, Kept>()
  locks.on('renewed', ({ token }) => {
    const found = kept.get(token)
    if (found !== undefined) recorder.signal('extended', SEAT_KEY, beliefOf(found.lease, token), found.buyer)
  })
  locks.on('lost', ({ token, reason }) => {
    recorder.signal('lost-signal', SEAT_KEY, { token: String(token), reason }, kept.get(token)?.buyer)
  })
  locks.on('released', ({ token, outcome }) => kept.get(token)?.release?.ok({ outcome }))
  return (buyer) => ({
    begin: (f, input = {}) => recorder.call(f, SEAT_KEY, input, buyer),
    granted(lease, acquiring) {
      kept.set(lease.token, { lease, buyer })
      acquiring.ok(beliefOf(lease, lease.token))
    },
    paid(token) {
      recorder.signal('paid', SEAT_KEY, token === undefined ? {} : { token }, buyer)
      waitForConductor()
    },
    leaving(lease) {
      const found = kept.get(lease.token)
      // A lost lease is not released: asking it has made it tell so.
      if (found === undefined || !lease.isHeld()) return
      found.release = recorder.call('release', SEAT_KEY, { token: String(lease.token) }, buyer)
    },
    done: (outcome, message = '') => recorder.signal('done', SEAT_KEY, { outcome, message }, buyer),
  })
}

/** Until when the holder believes in its lease, on the clock all processes share. */
function beliefOf(lease: Lease, token: bigint): Detail {
  const validUntil = process.hrtime.bigint() + BigInt(Math.floor(lease.remainingMs * 1e6))
  return { token: String(token), validUntil: String(validUntil) }
}
