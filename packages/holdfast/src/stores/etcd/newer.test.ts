/**
 * All conformance cases once more on the etcd of a later suite, where it can be had; what ran is said aloud.
 * @module-tag real-time
 */
import * as server from '@holdfast/testbed/engines/etcd/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { expect, test } from 'vitest'
import { type Bench, conformance, runCase } from '../../testing/index.ts'
import { Stage, urlOf } from './etcd.fixture.ts'
import { etcd } from './index.ts'

const EXCEPTIONS_MAX = 5

test('every case passes on it as well', { timeout: 300_000 }, async (context) => {
  const { version } = await requireEngine(context, server, 'newer')
  await using stage = new Stage()
  const url = urlOf(await stage.server({ release: 'newer' }))
  const start = async (): ReturnType<Bench['start']> => ({ store: () => etcd(url), stop: async () => undefined })
  const bench: Bench = { name: `etcd ${version}, real time`, time: 'real', start }
  const outcomes = await Promise.all(
    conformance.map((each) =>
      runCase(each, bench).then(
        (exception) => ({ exception, failure: undefined }),
        (error: unknown) => ({ exception: undefined, failure: `${each.name}: ${String(error)}` }),
      ),
    ),
  )
  const exceptions = outcomes.flatMap(({ exception }) => exception ?? [])
  process.stdout.write(
    `${bench.name}: ${conformance.length - exceptions.length} cases, ${exceptions.length} exceptions\n`,
  )
  expect(outcomes.flatMap(({ failure }) => failure ?? [])).toEqual([])
  expect(exceptions.length).toBeLessThanOrEqual(EXCEPTIONS_MAX)
})
