/**
 * Whether a connection hears notices, behind a pooler and without one.
 * @module-tag real-time
 */
import * as pooler from '@holdfast/testbed/engines/pgbouncer/server'
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { timersOf } from '../../store/environment.ts'
import { systemClock } from '../../time/clock.ts'
import { PgListener } from './listener.ts'
import { driverOfUrl } from './pg.ts'

const CHANNEL = 'holdfast-test'

const events = { onPayload: () => undefined, onUp: () => undefined, onTrouble: () => undefined }

async function hears(url: string, direct: string): Promise<boolean> {
  const driver = await driverOfUrl(url)
  const person = new Client({ connectionString: direct })
  await person.connect()
  const listener = new PgListener((each) => driver.listener(each), CHANNEL, timersOf(systemClock), events)
  try {
    await listener.open()
    return await listener.hears(() => person.query(`SELECT pg_notify('${CHANNEL}', '')`))
  } finally {
    listener.close()
    await person.end()
    await driver.close()
  }
}

test('behind a pooler nothing counts as heard: its process is not the one that was told', async (context) => {
  await requireEngine(context, server)
  await requireEngine(context, pooler)
  await using engine = await server.start()
  // Each statement of the listener meets the connection of the server that listens: there is no other.
  await using bouncer = await pooler.start({ before: engine, poolSize: 1 })
  expect(await hears(bouncer.url, engine.url)).toBe(false)
  expect(await hears(engine.url, engine.url)).toBe(true)
})

test('a listener that is closed keeps no program alive until its next check', async (context) => {
  await requireEngine(context, server)
  await using engine = await server.start()
  const [driver, timers] = [await driverOfUrl(engine.url), timersOf(systemClock)]
  const listener = new PgListener((each) => driver.listener(each), CHANNEL, timers, events)
  await listener.open()
  listener.close()
  expect(timers.size).toBe(0)
  await driver.close()
})
