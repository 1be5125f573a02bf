/**
 * One buyer at a time does the whole of it, and a late one is refused by the database. For work that no single
 * statement can decide and that must not be done twice at the same time, such as a service that takes no key.
 */
import { holdfast } from 'holdfast'
import { fence } from 'holdfast/guards/sqlite'
import { sqlite } from 'holdfast/sqlite'
import { contest } from './contest.ts'

await contest('a lock and a guard', ({ path, db, charge }) => {
  const locks = holdfast(sqlite({ path: `${path}.locks` }), { namespace: 'shop', ttl: '10s' })
  const guard = fence(db)
  return {
    close: () => locks.close(),
    sell: (seat, order) =>
      locks.using(`seat:${seat}`, { wait: '20s' }, async (lease) => {
        guard.enter(lease)
        if (db.prepare('SELECT buyer FROM seat WHERE id = ?').get(seat)?.['buyer'] !== null) return 'taken'
        const receipt = await charge(order.buyer, { signal: lease.signal })
        guard.run(lease, () => {
          db.prepare('UPDATE seat SET buyer = ?, receipt = ? WHERE id = ?').run(order.buyer, receipt, seat)
        })
        return 'sold'
      }),
  }
})
