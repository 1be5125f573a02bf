/** @module-tag real-time */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { beforeEach, describe, expect, test } from 'vitest'
import * as redis from '../engines/redis/driver.ts'
import { RespConnection } from '../engines/redis/resp.ts'
import { requireEngine } from '../engines/require-engine.ts'
import { requireAbility } from './rights.ts'
import { locate, openSkewedClock } from './skewed-clock.ts'

const HOUR_MS = 3_600_000
/** A busy machine may take a while between two looks. */
const TOLERANCE_MS = 30_000

beforeEach(async (context) => {
  await requireAbility(context, locate)
})

function expectNear(value: number, expected: number): void {
  expect(Math.abs(value - expected)).toBeLessThan(TOLERANCE_MS)
}

describe('the wall clock of a Redis that runs', () => {
  beforeEach(async (context) => {
    await requireEngine(context, redis)
  })

  test('jumps forward and back, and takes the leases of the server along', async () => {
    using clock = await openSkewedClock()
    await using engine = await redis.start({ environment: clock.environment })
    await using connection = await RespConnection.open(engine.url)
    const serverMs = async (): Promise<number> =>
      Number(((await connection.command('TIME')) as readonly string[])[0]) * 1_000
    expectNear(await serverMs(), Date.now())
    await connection.command('SET', 'lock', 'mine', 'PX', 30_000)
    clock.set(-HOUR_MS)
    expectNear(await serverMs(), Date.now() - HOUR_MS)
    expectNear(Number(await connection.command('PTTL', 'lock')), HOUR_MS + 30_000)
    clock.set(HOUR_MS)
    expectNear(await serverMs(), Date.now() + HOUR_MS)
    expect(await connection.command('GET', 'lock')).toBeNull()
  })
})

test('in a Node process the wall clock moves and the monotonic clock does not', async () => {
  using clock = await openSkewedClock()
  const program =
    "process.stdin.on('data', () => console.log(JSON.stringify([Date.now(), Number(process.hrtime.bigint() / 1000000n)])))"
  const child = spawn(process.execPath, ['-e', program], {
    env: { ...process.env, ...clock.environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const look = async (): Promise<readonly [number, number]> => {
    child.stdin.write('.')
    const line = await lines.next()
    return JSON.parse(String(line.value)) as [number, number]
  }
  const monotonicMs = (): number => Number(process.hrtime.bigint() / 1_000_000n)
  for (const offsetMs of [0, HOUR_MS, -HOUR_MS, 0]) {
    clock.set(offsetMs)
    const [wallMs, upMs] = await look()
    expectNear(wallMs, Date.now() + offsetMs)
    expectNear(upMs, monotonicMs())
  }
  child.stdin.end()
  await once(child, 'exit')
})

test('a clock that is closed is moved no more, and cannot be moved beyond all bounds', async () => {
  const clock = await openSkewedClock()
  expect(() => clock.set(Number.NaN)).toThrow(RangeError)
  clock.close()
  expect(() => clock.set(1)).toThrow('closed')
})
