/**
 * Tokens over a ZooKeeper that lost everything, and moved while programs use it.
 * @module-tag real-time
 */
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import * as server from '@holdfast/testbed/engines/zookeeper/driver'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { again, claim, held, takeAndLeave } from '../claims.fixture.ts'
import { zookeeper } from './index.ts'
import { ZookeeperStage } from './zookeeper.fixture.ts'

const stage = new ZookeeperStage()

beforeEach(async (context) => {
  await requireEngine(context, server)
})
afterAll(() => stage[Symbol.asyncDispose]())

describe('tokens', () => {
  test('rise over a ZooKeeper that was made anew, and are moved by a rebase while programs use it', async () => {
    const own = await stage.server()
    const store = await stage.opened(zookeeper(own.url))
    const first = await takeAndLeave(store, 'n!token')
    await store.close()
    await own.wipe()
    const next = await again(() => stage.opened(zookeeper(own.url)))
    const second = await takeAndLeave(next, 'n!token')
    expect(second).toBeGreaterThan(first)
    const operator = await stage.opened(zookeeper(own.url))
    const { highest } = (await operator.rebase?.(second + 1_000_000n)) ?? { highest: 0n }
    expect(highest).toBeGreaterThanOrEqual(second)
    const asked = claim('n!token')
    // The store that did not know of it is told by ZooKeeper, and asks again.
    await expect(next.enter(asked)).rejects.toMatchObject({ code: 'NOT_APPLIED' })
    const { token } = held(await next.enter(asked))
    expect(token).toBeGreaterThan(second + 1_000_000n)
    // Down they go only while no claim stands in a line.
    await expect(operator.rebase?.(first)).rejects.toThrow(/in use/)
    await next.leave({ ...asked, token })
    await operator.rebase?.(first)
    expect((await operator.rebase?.())?.highest).toBeLessThan(second)
  })
})
