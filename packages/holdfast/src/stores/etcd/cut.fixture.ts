/**
 * Runs in a network of its own: an etcd of three members on three hosts, whose leader is cut off from the others while
 * locks are held, and reached by clients all the same. Says what became of them.
 */
import { startCluster } from '@holdfast/testbed/engines/etcd/cluster'
import { openHosts } from '@holdfast/testbed/os/hosts'
import { isolated } from '@holdfast/testbed/os/partitions'
import { holdfast } from '../../holdfast.ts'
import { etcd } from './index.ts'

const TTL_MS = 4_000

await using network = await openHosts(['a', 'b', 'c'])
await using cluster = await startCluster({ hosts: network.hosts })
const leader = await cluster.leader()
const alone = network.hosts.find(({ address }) => address === leader.engine.host)
if (alone === undefined) throw new Error('the leader is on none of the hosts')

// One knows all members, the other only the one that will be alone.
const all = holdfast(etcd(cluster.url), { ttl: TTL_MS })
const stuck = holdfast(etcd(`etcd://${leader.engine.host}:${leader.engine.port}`), { ttl: TTL_MS })
const kept = await all.acquire('kept')
const lost = await stuck.acquire('lost')
let believedUntilMs = 0
lost.signal.addEventListener('abort', () => (believedUntilMs = performance.now()))
await network.cut(isolated(alone, network.hosts))
const cutAtMs = performance.now()
const next = await all.acquire('lost', { wait: '60s' })
const grantedAtMs = performance.now()
const told: Record<string, unknown> = {
  overlap: lost.isHeld(),
  earlyMs: Math.round(grantedAtMs - (believedUntilMs || grantedAtMs)),
  grantedAfterMs: Math.round(grantedAtMs - cutAtMs),
  rises: next.token > lost.token,
  kept: kept.state,
  // A member that is alone lets no claim in.
  alone: await stuck.tryAcquire('another', { wait: '3s' }).then(
    (lease) => (lease === null ? 'refused' : 'held'),
    () => 'failed',
  ),
}
await network.heal()
await next.release()
// Comes back with the same client.
const again = await stuck.acquire('lost', { wait: '20s' })
told['healed'] = again.token > next.token
await again.release()
await kept.release()
await Promise.all([all.close(), stuck.close()])
process.stdout.write(`${JSON.stringify(told)}\n`)
