/**
 * Three processes are there, one of them died a minute ago, and the clock of the machine that asks is wrong by 20 s. `node main.ts without`
 * shows what a table of heartbeats says then, `node main.ts with` what `members` does.
 */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { holdfast } from 'holdfast'
import { members } from 'holdfast/members'
import { memory, memoryEngine } from 'holdfast/memory'

const AHEAD_MS = 20_000
const SILENT_MS = 10_000
const TTL_MS = 300
const names = ['one', 'two', 'three']

/** What is often written: each says by its own clock when it was seen, and the one that asks compares it with its own. */
function byHeartbeats(): readonly string[] {
  const table = new DatabaseSync(':memory:')
  table.exec('CREATE TABLE heartbeat (name TEXT, seen INTEGER)')
  const beat = table.prepare('INSERT INTO heartbeat VALUES (?, ?)')
  for (const name of names) beat.run(name, Date.now() - (name === 'three' ? 60_000 : 0))
  const living = table.prepare('SELECT name FROM heartbeat WHERE seen > ?').all(Date.now() + AHEAD_MS - SILENT_MS)
  table.close()
  return living.map(({ name }) => String(name))
}

/** The store judges by one clock, whatever the machines show. */
async function byMembers(): Promise<readonly string[]> {
  const engine = memoryEngine()
  const clients = names.map(() => holdfast(memory(engine), { ttl: TTL_MS }))
  for (const [index, locks] of clients.entries()) await members(locks, 'nodes').join({ id: names[index] ?? '' })
  await clients[2]?.close()
  await sleep(2 * TTL_MS)
  const asker = holdfast(memory(engine))
  const present = await members(asker, 'nodes').list()
  await Promise.all([asker, ...clients].map((locks) => locks.close()))
  return present.map(({ id }) => id)
}

const [way = 'with'] = process.argv.slice(2)
const present = way === 'with' ? await byMembers() : byHeartbeats()
console.log(
  `${way} members: one and two are there, and it says ${present.length === 0 ? 'none' : present.join(' and ')}`,
)
