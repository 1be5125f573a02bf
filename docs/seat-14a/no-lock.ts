/** Wrong on purpose: reads, works, writes. Every buyer finds the seat free, every card is charged, the last writer sits. */
import { contest } from './contest.ts'

await contest('no lock at all', ({ db, charge }) => ({
  async sell(seat, order) {
    if (db.prepare('SELECT buyer FROM seat WHERE id = ?').get(seat)?.['buyer'] !== null) return 'taken'
    const receipt = await charge(order.buyer)
    db.prepare('UPDATE seat SET buyer = ?, receipt = ? WHERE id = ?').run(order.buyer, receipt, seat)
    return 'sold'
  },
}))
