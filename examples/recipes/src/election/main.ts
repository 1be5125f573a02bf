/**
 * Two processes append to one log, and only the leader may. The leader is paused (SIGSTOP) between its check and its write
 * until the other one leads, and then goes on. `node main.ts without` shows what that does to a lease in a table,
 * `node main.ts with` what it does to an election with a guard.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'

const PAUSES = 5
const [way = 'with'] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'holdfast-election-'))
const log = new DatabaseSync(join(folder, 'log.db'))
log.exec(`CREATE TABLE log (place INTEGER PRIMARY KEY, term INTEGER);
  CREATE TABLE lease (term INTEGER, owner INTEGER, ends INTEGER);
  INSERT INTO lease VALUES (0, 0, 0)`)

/** Resolves with the process when it says what begins with one of these words. */
function says(worker: ChildProcess, ...words: readonly string[]): Promise<ChildProcess> {
  return new Promise((resolve) => {
    const listen = (message: unknown): void => {
      if (!words.some((word) => String(message).startsWith(word))) return
      worker.off('message', listen)
      resolve(worker)
    }
    worker.on('message', listen)
  })
}

const script = fileURLToPath(new URL(import.meta.url.replace(/main(\.\w+)$/, 'worker$1')))
const workers = [1, 2].map(() => fork(script, [way, folder], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }))
let refusals = 0
for (const worker of workers)
  worker.on('message', (message) => (refusals += String(message).startsWith('refused') ? 1 : 0))
try {
  const [first, second] = workers
  if (first === undefined || second === undefined) throw new Error('two workers are needed')
  for (let pause = 0; pause < PAUSES; pause += 1) {
    const leader = await Promise.race([says(first, 'term'), says(second, 'term')])
    leader.kill('SIGSTOP')
    const other = leader === first ? second : first
    await says(other, 'wrote')
    const wentOn = says(leader, 'wrote', 'refused')
    leader.kill('SIGCONT')
    await wentOn
  }
} finally {
  const ended = workers.map((worker) => once(worker, 'exit'))
  for (const worker of workers) worker.kill('SIGKILL')
  await Promise.all(ended)
}

/** A line by a leader that had a successor, which had written already. */
const stale = log
  .prepare(
    'SELECT count(*) AS count FROM log AS late WHERE term < (SELECT max(term) FROM log WHERE place < late.place)',
  )
  .get()?.['count']
log.close()
rmSync(folder, { recursive: true })
console.log(
  `${way} an election and a guard: ${PAUSES} paused leaders, ${String(stale)} stale lines, ${refusals} refused`,
)
