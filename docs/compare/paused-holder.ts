/** A holder is paused behind its last look at the lock, a second one gets the lock and writes, then the first one goes on and writes. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { KEY, libraries } from './libraries.ts'

/** Longer than the lock lives. */
const PAUSE_MS = 1_000

const [library = '', url = '', part] = process.argv.slice(2)
const take = libraries[library]
if (take === undefined) throw new Error(`libraries: ${Object.keys(libraries).join(', ')}`)
const client = new Redis(url)
const name = `compare:${library}`

if (part === 'holder') {
  const write = await take(client, name)
  process.send?.('held')
  // The whole process stands still, as in a pause of its garbage collector.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
  await once(process, 'message')
  await write('written by the paused holder').catch(() => undefined)
} else {
  const holder = fork(import.meta.filename, [library, url, 'holder'])
  await once(holder, 'message')
  const write = await take(client, name)
  await write('written by its successor')
  holder.send('written')
  await once(holder, 'exit')
  process.stdout.write(`${await client.get(KEY)}\n`)
}
process.exit()
