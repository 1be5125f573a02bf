/**
 * The guard for MySQL and MariaDB on real servers: the contract over each driver and ORM.
 * @module-tag real-time
 */
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { guardCases, lostUpdates, runWorkload, tokensGoneBack } from '../../testing/guard-contract.ts'
import { systemClock } from '../../time/clock.ts'
import { type Dress, dresses, registerIn } from './register.fixture.ts'
import { kinds, type Server, Servers } from './servers.fixture.ts'

const servers = new Servers()
afterAll(() => servers[Symbol.asyncDispose]())

const every = Object.keys(dresses) as readonly Dress[]

for (const each of kinds) {
  describe(`on ${each.kind}`, { timeout: 120_000 }, () => {
    let server: Server
    beforeEach(async (context) => {
      server = await servers.of(context, each)
    })

    // Libraries do the same with both servers, over the same drivers.
    const dressed = each.kind === 'MariaDB' ? every : (['mysql2', 'mariadb'] as const)
    describe.each(dressed)('the guard contract over %s', (dress) => {
      for (const { name, run } of guardCases) {
        it(name, () => run(async (clock) => await registerIn(server.person, dress, server.engine, { clock })))
      }
    })

    describe('sixteen writers with worthless leases', () => {
      async function work(entering: boolean, seed: number) {
        const clock = { ...systemClock, wallMs: () => 2 ** 50 }
        const resource = await registerIn(server.person, 'mysql2', server.engine, { clock })
        const result = await runWorkload(resource, { holders: 16, grants: 20, entering, seed })
        await resource.close()
        return result
      }

      it('lose no update when they enter before they read', async () => {
        const { commits, accepted, refused } = await work(true, 1)
        expect([lostUpdates(commits), tokensGoneBack(commits)]).toEqual([0, 0])
        expect(commits).toHaveLength(accepted)
        expect(accepted).toBeGreaterThan(0)
        expect(refused).toBeGreaterThan(0)
      })

      it('lose updates when they only write with the guard', async () => {
        let lost = 0
        for (const seed of [1, 2, 3]) {
          lost = lostUpdates((await work(false, seed)).commits)
          if (lost > 0) break
        }
        expect(lost).toBeGreaterThan(0)
      })
    })
  })
}
