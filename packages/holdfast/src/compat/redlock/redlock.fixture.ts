/** A program that takes a lock, ends in a way, and must then be over: `node redlock.fixture.ts WAY DRIVER URL …`. */
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { Redlock } from './index.ts'

const [, , way = '', driver = '', ...urls] = process.argv
const clients =
  driver === 'redis'
    ? await Promise.all(urls.map((url) => createClient({ url }).connect()))
    : urls.map((url) => new Redis(url))
const redlock = new Redlock(clients)
const lock = await redlock.acquire(['exit'], 600_000)
if (way === 'clients') await lock.release()
if (way === 'quit') await redlock.quit()
else for (const client of clients) await client.quit()
process.stdout.write('done')
