/** What becomes of the locks in a ZooKeeper when a server, the network or a process fails. */
import { start } from '@holdfast/testbed/engines/zookeeper/server'
import { hurtTogether } from '@holdfast/testbed/proxy/hurt-together'
import { openProxy, type Proxy } from '@holdfast/testbed/proxy/proxy'
import { pausedTakes } from '../paused-holder.ts'
import { killedLeader as killed } from '../quorum/killed-leader.ts'
import { unreachedHolder } from '../quorum/unreached-holder.ts'
import type { Scenario } from '../scenario.ts'
import { members, urlOf } from './setup.ts'

const isolated = unreachedHolder('A knows one follower alone, B the others', async (setup) => {
  const ensemble = await members(setup, { isParted: true })
  const leader = await ensemble.leader()
  const follower = ensemble.members.find((member) => member !== leader)
  if (follower === undefined) throw new Error('no server follows')
  const others = ensemble.members.filter((member) => member !== follower)
  return {
    holderUrl: urlOf([follower.engine]),
    otherUrl: urlOf(others.map(({ engine }) => engine)),
    sever: () => ensemble.isolate(follower, { kind: 'hold' }),
  }
})

const swallowed = unreachedHolder('every packet of A is lost, both ways', async (setup) => {
  const ensemble = await members(setup)
  const routes: Proxy[] = []
  for (const { engine } of ensemble.members) routes.push(await setup.keep(openProxy(engine)))
  return {
    holderUrl: urlOf(routes),
    otherUrl: ensemble.url,
    sever: () => hurtTogether(routes, { kind: 'black-hole' }),
  }
})

export const isolatedFollower: Scenario = {
  needs: ['zookeeper'],
  foundBy: 'this project: 1.2 to 1.4 s of two holders, where an answered ping is taken for a lease',
  shows:
    'a follower that lost its leader goes on answering pings, and the leader ends the session: who holds through it must stop before another one holds',
  takes: [isolated],
}

export const blackHole: Scenario = {
  needs: ['zookeeper'],
  foundBy: 'users of recipes that wait for the server to say that a session is over, which nobody can say to them',
  shows: 'a holder that hears nothing must stop by its own clock, before its session is ended and another one holds',
  takes: [swallowed],
}

export const killedLeader: Scenario = {
  needs: ['zookeeper'],
  foundBy: 'this project, from the tests of the store',
  shows: 'a line outlives the leader that it was made under: nobody loses the place, and nobody is overtaken',
  takes: [killed((setup) => members(setup))],
}

/** Its session ends while it is stopped. */
export const zookeeperPausedHolder: Scenario = {
  needs: ['zookeeper'],
  foundBy:
    'the documentation of Apache Curator ("Tech Note 10"): a pause outlasts the session, and the process cannot know',
  shows: 'a session that ends during a pause is told as a loss, and what was under way is refused by the guard alone',
  takes: pausedTakes(async (setup) => (await setup.keep(start())).url),
}
