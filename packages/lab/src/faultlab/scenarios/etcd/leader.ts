/** What becomes of the locks in an etcd whose leader is cut off, or killed. */
import { killedLeader as killed } from '../quorum/killed-leader.ts'
import { unreachedHolder } from '../quorum/unreached-holder.ts'
import type { Scenario } from '../scenario.ts'
import { members } from './setup.ts'

const isolated = unreachedHolder('A knows the leader alone, B the others', async (setup) => {
  const cluster = await members(setup, { isParted: true })
  const leader = await cluster.leader()
  const urlOf = (some: readonly (typeof leader)[]): string =>
    `etcd://${some.map(({ engine: { host, port } }) => `${host}:${port}`).join(',')}`
  return {
    holderUrl: urlOf([leader]),
    otherUrl: urlOf(cluster.members.filter((member) => member !== leader)),
    sever: () => cluster.isolate(leader, { kind: 'hold' }),
  }
})

export const isolatedLeader: Scenario = {
  needs: ['etcd'],
  foundBy: 'users of etcd, etcd-io/etcd#15247 and #12528: an old leader goes on answering keepalives, and ends leases',
  shows:
    'who holds through a leader that is cut off must know by its own clock that the lease is over, before the others elect and grant again',
  takes: [isolated],
}

export const killedLeader: Scenario = {
  needs: ['etcd'],
  foundBy: 'this project, from the tests of the store',
  shows: 'a line outlives the leader that it was made under: nobody loses the place, and nobody is overtaken',
  takes: [killed((setup) => members(setup))],
}
