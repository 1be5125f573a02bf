/**
 * The seat is set aside for an order, and the order's id goes along with every charge. A process that finds an order half done
 * — a second click, a restarted process — simply does it again: the payment service knows the key and charges once.
 */
import { contest } from './contest.ts'

await contest('an idempotency key', ({ db, charge }) => ({
  async sell(seat, order) {
    const { changes } = db
      .prepare('UPDATE seat SET order_id = :id WHERE id = :seat AND (order_id IS NULL OR order_id = :id)')
      .run({ id: order.id, seat })
    if (changes === 0) return 'taken'
    const receipt = await charge(order.buyer, { key: order.id })
    db.prepare('UPDATE seat SET buyer = ?, receipt = ? WHERE id = ? AND order_id = ?').run(
      order.buyer,
      receipt,
      seat,
      order.id,
    )
    return 'sold'
  },
}))
