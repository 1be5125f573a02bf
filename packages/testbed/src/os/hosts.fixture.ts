/** Runs in a network of its own: two hosts with a Redis each and one that asks, cut in every way. Says what was heard. */
import { RespConnection } from '../engines/redis/resp.ts'
import { start } from '../engines/redis/server.ts'
import { until } from '../engines/until.ts'
import { openHosts } from './hosts.ts'

/** What is lost is sent again after ever longer times. */
const ANSWER_WITHIN_MS = 4_000
const SILENCE_MS = 300

await using network = await openHosts(['a', 'b', 'c'])
const { hosts } = network
const [a, b, c] = hosts
if (a === undefined || b === undefined || c === undefined) throw new Error('three hosts were asked for')
const config = (host: typeof a): { within: readonly string[]; address: string } => ({
  within: host.within,
  address: host.address,
})
await using primary = await start(config(a))
await using replica = await start({ ...config(b), replicaOf: { host: a.address, port: primary.port } })
await using direct = await RespConnection.open(primary.url)

async function acknowledged(word: string, withinMs = SILENCE_MS): Promise<boolean> {
  await direct.command('SET', 'word', word)
  return Number(await direct.command('WAIT', 1, withinMs)) === 1
}

const told: Record<string, unknown> = { addresses: hosts.map(({ address }) => address) }
told['whole'] = await acknowledged('one', ANSWER_WITHIN_MS)
await network.cut([
  { from: a, to: b },
  { from: b, to: a },
])
told['divided'] = await acknowledged('two')
// This process is on neither side.
await using watching = await RespConnection.open(replica.url)
told['others'] = await watching.command('GET', 'word')
await network.cut([{ from: b, to: a }])
told['oneWay'] = await acknowledged('three')
// TCP sends what is not acknowledged again and nothing after it, so the older word is the one that gets through.
const arrived = async (): Promise<boolean> => (await watching.command('GET', 'word')) === 'two'
await until(arrived, { withinMs: ANSWER_WITHIN_MS, what: 'that the replica hears while nobody hears it' })
await network.heal()
told['healed'] = await acknowledged('four', ANSWER_WITHIN_MS)
process.stdout.write(`${JSON.stringify(told)}\n`)
