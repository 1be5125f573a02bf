/** Run by runtimes other than Node: a lock in Redis passes from one client to the next, and a guard refuses the first one's late write. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { holdfast, StaleToken } from 'holdfast'
import { fence } from 'holdfast/guards/sqlite'
import { redis } from 'holdfast/redis'

const url = process.argv[2] ?? ''
const [one, two] = [holdfast(redis(url)), holdfast(redis(url))]
const shop = new DatabaseSync(':memory:')
shop.exec('CREATE TABLE seat (buyer TEXT); INSERT INTO seat VALUES (NULL)')
const seats = fence(shop)
/** @type {(lease: import('holdfast').Fenced, buyer: string) => unknown} */
const sell = (lease, buyer) => seats.run(lease, (db) => db.prepare('UPDATE seat SET buyer = ?').run(buyer))

const first = await one.acquire('seat')
const late = { namespace: first.namespace, name: first.name, mode: first.mode, token: first.token, assertHeld() {} }
const turn = two.acquire('seat', { wait: '5s' })
assert.equal(await two.tryAcquire('seat', { detached: true }), null)
await first.release()
const second = await turn
sell(second, 'bob')
assert.throws(() => sell(late, 'ada'), StaleToken)
assert.deepEqual({ ...shop.prepare('SELECT buyer FROM seat').get() }, { buyer: 'bob' })
await second.release()
await Promise.all([one.close(), two.close()])
process.stdout.write('ok: taken over, and the late write refused\n')
