/**
 * Who may speak to a ZooKeeper and how it is named: what is wrong is told apart, with the way out and without a password.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import * as server from '@holdfast/testbed/engines/zookeeper/driver'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { Misuse } from '../../store/errors.ts'
import { claim, held } from '../claims.fixture.ts'
import { CODE, ServerRefusal } from '../zookeeper-driver/failures.ts'
import { zookeeper } from './index.ts'
import { ZookeeperStage } from './zookeeper.fixture.ts'

const stage = new ZookeeperStage()
let engine: Engine

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
})
afterAll(() => stage[Symbol.asyncDispose]())

describe('what is asked for wrongly', () => {
  test.each([
    ['redis://s3cret@host', /is no URL for ZooKeeper/],
    ['zookeeper://', /is no URL for ZooKeeper/],
    ['zookeeper://user@host', /names a user without a password/],
    ['zookeeper://host:0', /no host and port as its host 1/],
    ['zookeeper://u:s3cret%zz@host', /write %25/],
    ['zookeeper://host?ca=x', /does not begin with zookeepers:/],
    ['zookeepers://host?colour=red', /takes only ca, cert, key and followerLag/],
    ['zookeeper://host/a//b', /must be a path of names/],
    ['zookeeper://host/zk/..', /must be a path of names/],
    ['zookeeper://host?followerLag=soon', /followerLag must be between/],
  ])('%s is misuse that repeats nothing of it', (url, words) => {
    expect(() => zookeeper(url)).toThrow(Misuse)
    expect(() => zookeeper(url)).toThrow(words)
    expect(() => zookeeper(url)).not.toThrow(/s3cret/)
  })

  test('certificates without encryption and what is no URL are misuse', () => {
    expect(() => zookeeper('zookeeper://host', { tls: { ca: 'x' } })).toThrow(/write zookeepers:/)
    expect(() => zookeeper({} as never)).toThrow(Misuse)
  })

  test('a server that is not there is named with the way out', async () => {
    const opening = stage.opened(zookeeper('zookeeper://app:s3cret@127.0.0.1:1,127.0.0.1:2'))
    await expect(opening).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: false })
    for (const port of [1, 2]) await expect(opening).rejects.toThrow(`connect ECONNREFUSED 127.0.0.1:${port}`)
    await expect(opening).rejects.not.toThrow(/s3cret/)
  })
})

describe('rights', () => {
  test('what a user makes is for this user alone, and another one is told which rights are missing', async () => {
    const url = (user: string): string => `${engine.url.replace('//', `//${user}`)}/owner`
    const store = await stage.opened(zookeeper(url('app:s3cret@')))
    const asked = claim('n!lock')
    const { token } = held(await store.enter(asked))
    expect(await store.evict(asked.resource, token, 'a test')).toBe('evicted')
    const opening = stage.opened(zookeeper(url('app:wr0ng@')))
    await expect(opening).rejects.toThrow(/does not allow this user.*all rights on the root/)
    await expect(opening).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
    await expect(opening).rejects.not.toThrow(/wr0ng/)
    const nodes = await stage.nodes(engine, '/owner')
    const code = await nodes
      .getChildren('/l')
      .catch((error: unknown) => (error instanceof ServerRefusal ? error.code : 0))
    expect(code).toBe(CODE.noAuth)
  })
})
