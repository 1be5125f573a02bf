/** What a buyer does when its lease is lost at a bad moment: with a real lock file, a real shop, and a bank that evicts. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { holdfast, type Locks } from 'holdfast'
import { sqlite } from 'holdfast/sqlite'
import { type HistoryEvent, Recorder } from '@holdfast/testbed/history'
import { SEAT, SEAT_KEY } from './acts.ts'
import { type Buyer, buyWithLock, buyWithLockAndFence } from './buyer.ts'
import { eventLogs } from './event-log.ts'
import { createShop, openShop, ticketsOf } from './shop.ts'

let folder = ''
let locks: Locks
let bank: Server
let events: HistoryEvent[] = []
/** What the bank does while it charges a card. */
let whileCharging: () => Promise<void>

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-buyer-'))
  createShop(join(folder, 'shop.db'), SEAT)
  locks = holdfast(sqlite({ path: join(folder, 'locks.db') }), { ttl: '60s' })
  events = []
  bank = createServer((request, response) => {
    const isCharge = request.url?.startsWith('/charge') === true
    void (isCharge ? whileCharging() : Promise.resolve()).then(() => response.end('receipt'))
  })
  await new Promise<void>((listening) => bank.listen(0, '127.0.0.1', listening))
})

afterEach(async () => {
  await locks.close()
  bank.closeAllConnections()
  await new Promise((closed) => bank.close(closed))
  rmSync(folder, { recursive: true, force: true })
})

function buyer(): Buyer {
  const diary = eventLogs(new Recorder('process A', (event) => void events.push(event)), locks)('buyer 1')
  return {
    name: 'buyer 1',
    shop: openShop(join(folder, 'shop.db')),
    locks,
    // There is no conductor here: an announced point is passed.
    diary: { ...diary, paid: () => undefined },
    bankUrl: `http://127.0.0.1:${(bank.address() as AddressInfo).port}`,
    waitMs: 60_000,
  }
}

/** The first charge costs the lease, and its holder gets to know. */
function evictOnce(): () => Promise<void> {
  let isFirst = true
  return async () => {
    if (!isFirst) return
    isFirst = false
    const lost = Promise.withResolvers<void>()
    locks.on('lost', () => lost.resolve())
    const { lastToken } = await locks.inspect(SEAT_KEY)
    await locks.evict(SEAT_KEY, { token: lastToken, reason: 'to see what the buyer does' })
    await lost.promise
  }
}

test.each([
  ['a lock', buyWithLock],
  ['a lock and a fence', buyWithLockAndFence],
])('with %s a lease lost while the card is charged costs a refund and another turn', async (_, buy) => {
  whileCharging = evictOnce()
  const shopper = buyer()
  expect(await buy(shopper)).toBe('ticket')
  shopper.shop.close()
  const done = (f: string): number => events.filter((event) => event.f === f && event.e === 'ok').length
  expect({ acquired: done('acquire'), charged: done('charge'), refunded: done('refund') }).toEqual({
    acquired: 2,
    charged: 2,
    refunded: 1,
  })
  expect(events.find(({ f, e }) => f === 'refund' && e === 'ok')?.out?.['because']).toBe('lost')
  expect(ticketsOf(join(folder, 'shop.db'), SEAT)).toHaveLength(1)
})

test('an error that has nothing to do with the lease is not repeated', async () => {
  whileCharging = () => Promise.resolve()
  const shopper = buyer()
  bank.closeAllConnections()
  await new Promise((closed) => bank.close(closed))
  await expect(buyWithLock(shopper)).rejects.toThrow('fetch failed')
  shopper.shop.close()
  expect(events.filter(({ f }) => f === 'acquire')).toHaveLength(2)
})
