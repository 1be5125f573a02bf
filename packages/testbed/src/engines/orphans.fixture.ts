/** A program that starts servers, says which, and then ends as it is told to: `killed` waits for it. */
import { openProxy } from '../proxy/proxy.ts'
import * as redis from './redis/driver.ts'

const engines = await Promise.all([redis.start(), redis.start({ storage: 'disk' })])
const [first, second] = engines
await second?.pause()
const proxy = await openProxy({ port: first?.port ?? 0 })
process.stdout.write(`${JSON.stringify({ pids: engines.map(({ pid }) => pid), port: proxy.port })}\n`)

const ending = process.argv[2]
if (ending === 'exit') process.exit(0)
if (ending === 'throw') throw new Error('a bug')
if (ending === 'killed') setInterval(() => {}, 1_000)
