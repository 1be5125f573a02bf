import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Fenced } from 'holdfast'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as mariadb from '@holdfast/testbed/engines/mariadb/driver'
import * as postgres from '@holdfast/testbed/engines/postgres/driver'
import * as redis from '@holdfast/testbed/engines/redis/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { judge } from '../../judge/judge.ts'
import { mysqlResourceEvents, openMysqlResource, prepareMysqlResource } from './mysql-resource.ts'
import { openPostgresResource, postgresResourceEvents, preparePostgresResource } from './postgres-resource.ts'
import { openRedisResource, redisResourceEvents } from './redis-resource.ts'

const kinds = [
  {
    name: 'a Redis',
    driver: redis,
    open: openRedisResource,
    events: redisResourceEvents,
    prepare: async () => undefined,
  },
  {
    name: 'a PostgreSQL',
    driver: postgres,
    open: openPostgresResource,
    events: postgresResourceEvents,
    prepare: preparePostgresResource,
  },
  {
    name: 'a MariaDB',
    driver: mariadb,
    open: openMysqlResource,
    events: mysqlResourceEvents,
    prepare: prepareMysqlResource,
  },
]

let lists = 0
const list = (): string => `list-${(lists += 1)}`

function holder(name: string, token: bigint, mode: Fenced['mode'] = 'exclusive'): Fenced {
  return { namespace: 'lab', name, mode, token, assertHeld: () => undefined }
}

describe.each(kinds)('data in $name', ({ driver, open, events: eventsOf, prepare }) => {
  let engine: Engine | undefined
  let url = ''

  beforeEach(async (context) => {
    await requireEngine(context, driver)
    engine ??= await driver.start()
    ;({ url } = engine)
    await prepare(url)
  })
  afterAll(() => engine?.close())

  test('with the guard refuses an old token and writes down what it admits, in its own order', async () => {
    const name = list()
    const resource = await open(url, { process: 'w1', guard: true })
    await resource.enter(holder(name, 7n))
    await resource.write(holder(name, 7n), await resource.versionOf(name), 'a')
    await resource.write(holder(name, 8n), 1, 'b')
    await expect(resource.write(holder(name, 7n), 2, 'late')).rejects.toMatchObject({ code: 'STALE_TOKEN' })
    expect(await resource.checkedRead(holder(name, 9n, 'shared'))).toBe(2)
    await resource.write(holder(name, 8n), 2, 'c')
    const events = (await eventsOf(url)).filter(({ k }) => k === name)
    expect(events.map(({ f, in: detail }) => [f, detail?.['kind'], detail?.['token'], detail?.['elements']])).toEqual([
      ['commit', 'enter', '7', undefined],
      ['commit', 'write', '7', undefined],
      ['commit', 'write', '8', undefined],
      ['commit', 'read', '9', undefined],
      ['commit', 'write', '8', undefined],
      ['final', undefined, undefined, 'a,b,c'],
    ])
    await resource.close()
  })

  test('without it admits an old one, and the judge sees the stale write and the lost update', async () => {
    const name = list()
    const resource = await open(url, { process: 'w1', guard: false })
    await resource.write(holder(name, 8n), 0, 'kept')
    await resource.write(holder(name, 7n), 0, 'stale')
    const events = (await eventsOf(url)).filter(({ k }) => k === name)
    const found = judge(events, { freeNs: 1e9 }).violations.map(({ property }) => property)
    expect(new Set(found)).toEqual(new Set(['G', 'L']))
    await resource.close()
  })
})
