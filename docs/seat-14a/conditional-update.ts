/** One statement decides: the database lets exactly one of all these UPDATEs find the seat unsold. No lock, no token, no ttl. */
import { contest } from './contest.ts'

await contest('one conditional UPDATE', ({ db, charge }) => ({
  async sell(seat, order) {
    const { changes } = db.prepare('UPDATE seat SET buyer = ? WHERE id = ? AND buyer IS NULL').run(order.buyer, seat)
    if (changes === 0) return 'taken'
    // The winner alone comes here. Should it die now, the seat is sold and not paid: the next version is for that.
    const receipt = await charge(order.buyer)
    db.prepare('UPDATE seat SET receipt = ? WHERE id = ?').run(receipt, seat)
    return 'sold'
  },
}))
