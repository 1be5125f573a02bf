/**
 * Runs in a network of its own: a ZooKeeper of three servers on three hosts, of which a follower is cut off from its leader
 * while a lock is held through it, and reached by its client all the same: it goes on answering pings. So many rounds as the
 * command line says, at different moments between two pings. Says what became of each.
 */
import { startEnsemble } from '@holdfast/testbed/engines/zookeeper/cluster'
import { openHosts } from '@holdfast/testbed/os/hosts'
import { isolated } from '@holdfast/testbed/os/partitions'
import { holdfast } from '../../holdfast.ts'
import { zookeeper } from './index.ts'

const TTL_MS = 2_000
/** 4 ticks of 250 ms, and half of one. */
const LAG = { followerLag: 1_125 }
/** Moments between two renewals, so that the cut comes just behind one, and just before one. */
const RENEWAL_MS = TTL_MS / 3

const rounds = Number(process.argv[2] ?? 1)
await using network = await openHosts(['a', 'b', 'c'])
await using ensemble = await startEnsemble({ hosts: network.hosts, settings: { tickTime: '250' } })
const all = holdfast(zookeeper(ensemble.url, LAG), { ttl: TTL_MS })
await all.open()
const told: object[] = []
for (let round = 0; round < rounds; round += 1) {
  const leader = await ensemble.leader()
  const follower = ensemble.members.find((member) => member !== leader)
  const alone = network.hosts.find(({ address }) => address === follower?.engine.host)
  const others = ensemble.members.filter((member) => member !== follower)
  if (follower === undefined || alone === undefined) throw new Error('no server follows')
  const stuck = holdfast(zookeeper(follower.engine.url, LAG), { ttl: TTL_MS })
  const away = holdfast(zookeeper(`zookeeper://${others.map(({ url }) => new URL(url).host).join(',')}`, LAG), {
    ttl: TTL_MS,
  })
  const lost = await stuck.acquire('lost', { wait: '20s' })
  let believedUntilMs = 0
  lost.signal.addEventListener('abort', () => (believedUntilMs = performance.now()))
  // A lease whose life is older than the lag.
  await new Promise((resolve) => setTimeout(resolve, TTL_MS + (RENEWAL_MS * round) / rounds))
  const heldBefore = lost.isHeld()
  await network.cut(isolated(alone, network.hosts))
  const cutAtMs = performance.now()
  const next = await away.acquire('lost', { wait: '60s' })
  const grantedAtMs = performance.now()
  told.push({
    heldBefore,
    overlap: lost.isHeld(),
    earlyMs: Math.round(grantedAtMs - (believedUntilMs || grantedAtMs)),
    believedForMs: Math.round((believedUntilMs || grantedAtMs) - cutAtMs),
    grantedAfterMs: Math.round(grantedAtMs - cutAtMs),
    rises: next.token > lost.token,
  })
  await network.heal()
  await next.release()
  // Comes back with the same client.
  await (await stuck.acquire('lost', { wait: '30s' })).release()
  await Promise.all([stuck.close(), away.close()])
}
await all.close()
process.stdout.write(`${JSON.stringify(told)}\n`)
