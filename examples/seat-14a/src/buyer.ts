/**
 * The job, in the three ways of the three acts: look at the seat, charge the card, write the ticket. The order cannot be
 * another one: no buyer gets a ticket without having paid, and the card company is not part of the database's transaction.
 */
import type { DatabaseSync } from 'node:sqlite'
import { acceptSequencer, type Lease, LeaseLost, type Locks, StaleToken } from 'holdfast'
import { fence } from 'holdfast/guards/sqlite'
import { SEAT, SEAT_KEY } from './acts.ts'
import type { EventLog } from './event-log.ts'
import { inTransaction, sell, soldTo } from './shop.ts'

export interface Buyer {
  readonly name: string
  readonly shop: DatabaseSync
  readonly locks: Locks
  readonly diary: EventLog
  readonly bankUrl: string
  /** How long it stands in line for the lock. */
  readonly waitMs: number
}

/** How often a buyer stands in line: a machine that costs one buyer so many leases cannot show anything. */
const TURNS_MAX = 20

export type Outcome = 'ticket' | 'sold out' | 'refunded'

/** Act 1. */
export async function buyWithoutLock(buyer: Buyer): Promise<Outcome> {
  if (look(buyer) !== null) return 'sold out'
  const receipt = await charge(buyer)
  buyer.diary.paid()
  return write(buyer, receipt)
}

/** Act 2. The program is careful: it asks its lease at the last moment. The pause comes right after that. */
export function buyWithLock(buyer: Buyer): Promise<Outcome> {
  return underLock(buyer, async (lease, token) => {
    if (look(buyer, token) !== null) return 'sold out'
    const receipt = await charge(buyer, token)
    await lastCheck(buyer, lease, receipt)
    buyer.diary.paid(token)
    return write(buyer, receipt, token)
  })
}

/**
 * Act 3. The fence is entered before the first read, so that an older write cannot slip in between read and write.
 * The write gets the sequencer and not the lease: a lease looks at its clock once more and would stop here by itself,
 * which only moves the last check. What has to hold is the database's answer when it has nothing but the token.
 */
export function buyWithLockAndFence(buyer: Buyer): Promise<Outcome> {
  const seat = fence(buyer.shop)
  return underLock(buyer, async (lease, token) => {
    const sent = acceptSequencer(lease.sequencer, { namespace: lease.namespace, name: SEAT_KEY, mode: 'exclusive' })
    seat.enter(lease)
    if (look(buyer, token) !== null) return 'sold out'
    const receipt = await charge(buyer, token)
    await lastCheck(buyer, lease, receipt)
    buyer.diary.paid(token)
    const writing = buyer.diary.begin('write', { token })
    try {
      const ticket = seat.run(sent, () => sell(buyer.shop, SEAT, { buyer: buyer.name, receipt, token }))
      writing.ok({ ticket })
      return 'ticket'
    } catch (error) {
      writing.fail(error)
      if (!(error instanceof StaleToken)) throw error
      await refund(buyer, receipt, 'stale')
      return 'refunded'
    }
  })
}

/**
 * A lease that ends before the write is no failure, it is what leases do: what was charged is refunded, and the buyer
 * goes back to the end of the line.
 */
async function underLock(buyer: Buyer, work: (lease: Lease, token: string) => Promise<Outcome>): Promise<Outcome> {
  for (let turn = 1; ; turn++) {
    const acquiring = buyer.diary.begin('acquire')
    try {
      return await buyer.locks.using(SEAT_KEY, { wait: buyer.waitMs }, async (lease) => {
        buyer.diary.granted(lease, acquiring)
        const outcome = await work(lease, String(lease.token))
        buyer.diary.leaving(lease)
        return outcome
      })
    } catch (error) {
      // `using` tells that the lease was lost before the work ended; what the work did is in the error all the same.
      const outcome = error instanceof LeaseLost ? error.outcome : undefined
      if (outcome !== undefined && 'returned' in outcome) return outcome.returned as Outcome
      const reason = outcome === undefined ? error : outcome.threw
      const isTooLate = reason instanceof LeaseLost || reason instanceof StaleToken
      if (!isTooLate || turn === TURNS_MAX) throw reason
    }
  }
}

/** The card is charged: is the lease still held? A buyer that lost it must not write, so it has nothing to pay for. */
async function lastCheck(buyer: Buyer, lease: Lease, receipt: string): Promise<void> {
  try {
    lease.assertHeld()
  } catch (error) {
    await refund(buyer, receipt, 'lost')
    throw error
  }
}

function look({ shop, diary }: Buyer, token?: string): string | null {
  const reading = diary.begin('read', detailOf(token))
  const buyer = soldTo(shop, SEAT)
  reading.ok({ free: buyer === null })
  return buyer
}

function write(buyer: Buyer, receipt: string, token?: string): Outcome {
  const writing = buyer.diary.begin('write', detailOf(token))
  const sale = { buyer: buyer.name, receipt, token: token ?? '' }
  writing.ok({ ticket: inTransaction(buyer.shop, () => sell(buyer.shop, SEAT, sale)) })
  return 'ticket'
}

/** Not given `lease.signal`: a charge cut off half-way has an unknown outcome, which is another story. */
async function charge(buyer: Buyer, token?: string): Promise<string> {
  const charging = buyer.diary.begin('charge', detailOf(token))
  const receipt = await askBank(buyer, 'charge', {})
  charging.ok({ receipt })
  return receipt
}

/** `because`: the lease was lost before the write, or the write was refused. */
async function refund(buyer: Buyer, receipt: string, because: 'lost' | 'stale'): Promise<void> {
  const refunding = buyer.diary.begin('refund', { because })
  await askBank(buyer, 'refund', { receipt })
  refunding.ok({ receipt, because })
}

async function askBank(buyer: Buyer, path: string, query: Readonly<Record<string, string>>): Promise<string> {
  const parameters = new URLSearchParams({ buyer: buyer.name, ...query }).toString()
  const response = await fetch(`${buyer.bankUrl}/${path}?${parameters}`)
  if (!response.ok) throw new Error(`the card company answered ${response.status}`)
  return response.text()
}

function detailOf(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { token }
}
