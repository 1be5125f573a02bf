/**
 * Two members raise the totals of six partitions. One after the other is paused (SIGSTOP) until its partitions belong to the other
 * one, and then goes on. `node main.ts without` shows what that does to members in a table and a remainder, `node main.ts with` what
 * it does to partitions with a guard.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { PARTITIONS, TTL_MS } from './settings.ts'

const PAUSES = 2
/** Long enough for the others to take over. */
const PAUSE_MS = 2 * TTL_MS
const [way = 'with'] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'holdfast-partitions-'))
const shop = new DatabaseSync(join(folder, 'shop.db'))
shop.exec(`PRAGMA busy_timeout = 5000;
  CREATE TABLE total (partition INTEGER PRIMARY KEY, value INTEGER);
  CREATE TABLE accepted (partition INTEGER);
  CREATE TABLE member (id INTEGER PRIMARY KEY, seen INTEGER)`)
for (let partition = 0; partition < PARTITIONS; partition += 1) shop.exec(`INSERT INTO total VALUES (${partition}, 0)`)

const script = fileURLToPath(new URL(import.meta.url.replace(/main(\.\w+)$/, 'worker$1')))
let refusals = 0
const members = [1, 2].map(() => {
  const member = fork(script, [way, folder], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  return member.on('message', (message) => (refusals += message === 'refused' ? 1 : 0))
})
/** Each has work before the first one is paused. */
const begun = members.map((member) => once(member, 'message'))
const count = (query: string): number => Number(shop.prepare(`SELECT ${query} AS count`).get()?.['count'])
try {
  await Promise.all(begun)
  for (let pause = 0; pause < PAUSES; pause += 1) {
    const member = members[pause % members.length]
    const before = count('(SELECT count(*) FROM accepted)')
    while (count('(SELECT count(*) FROM accepted)') < before + 20) await sleep(20)
    await sleep(TTL_MS)
    member?.kill('SIGSTOP')
    await sleep(PAUSE_MS)
    member?.kill('SIGCONT')
    await sleep(TTL_MS)
  }
} finally {
  const ended = members.map((member) => once(member, 'exit'))
  for (const member of members) member.kill('SIGKILL')
  await Promise.all(ended)
}

/** What was written and is not in the total. */
const lost = count('(SELECT count(*) FROM accepted) - (SELECT sum(value) FROM total)')
shop.close()
rmSync(folder, { recursive: true })
console.log(`${way} partitions and a guard: ${PAUSES} paused members, ${lost} lost updates, ${refusals} refused`)
