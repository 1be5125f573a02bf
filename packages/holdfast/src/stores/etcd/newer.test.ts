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
/** Cases under way at once: they mostly wait. */
const LANES = 8

test('every case passes on it as well', { timeout: 300_000 }, async (context) => {
  const { version } = await requireEngine(context, server, 'newer')
  await using stage = new Stage()
  const url = urlOf(await stage.server({ release: 'newer' }))
  const start = async (): ReturnType<Bench['start']> => ({ store: () => etcd(url), stop: async () => undefined })
  const bench: Bench = { name: `etcd ${version}, real time`, time: 'real', start }
  const [exceptions, failures]: [string[], string[]] = [[], []]
  const cases = conformance.values()
  const lane = async (): Promise<void> => {
    for (const each of cases) {
      const reason = await runCase(each, bench).catch(
        (error: unknown) => void failures.push(`${each.name}: ${String(error)}`),
      )
      if (reason !== undefined) exceptions.push(reason)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  process.stdout.write(
    `${bench.name}: ${conformance.length - exceptions.length} cases, ${exceptions.length} exceptions\n`,
  )
  expect(failures).toEqual([])
  expect(exceptions.length).toBeLessThanOrEqual(EXCEPTIONS_MAX)
})
