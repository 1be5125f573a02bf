/** A network that breaks into parts: who reaches which server is drawn, and what was sent arrives when it has healed. */
import type { ProxyMode } from '@holdfast/testbed/proxy/mode'
import type { Random } from '@holdfast/testbed/random'
import type { Environment } from '../environment/environment.ts'
import type { Route } from '../environment/route.ts'
import { wasHit } from './connection-faults.ts'
import type { Fault } from './fault.ts'
import type { WorkerPost } from './fault-target.ts'

const LASTS_TTLS = { min: 0.5, max: 2 }

/** What is broken: these ways, in this manner. */
interface Break {
  readonly shape: string
  readonly routes: readonly Route[]
  readonly mode: ProxyMode
}

type Shape = (environment: Environment, posts: readonly WorkerPost[], random: Random) => Break

const HOLD: ProxyMode = { kind: 'hold' }

/** One worker reaches no server. */
const one: Shape = ({ routes }, posts, random) => {
  const alone = posts[random.below(posts.length)]
  return { shape: 'one', routes: routes.filter(({ place }) => place === alone?.place), mode: HOLD }
}

/** More than half of the workers reach no server. */
const majority: Shape = ({ routes }, posts, random) => {
  const left = [...posts]
  while (left.length > posts.length / 2 - 1 && left.length > 1) left.splice(random.below(left.length), 1)
  return {
    shape: 'majority',
    routes: routes.filter(({ place }) => left.every((post) => post.place !== place)),
    mode: HOLD,
  }
}

/** One direction between a worker and all servers: its words arrive and it hears nothing, or the other way round. */
const oneWay: Shape = (environment, posts, random) => {
  const mode: ProxyMode = { kind: random.chance(0.5) ? 'lose-replies' : 'lose-requests' }
  return { ...one(environment, posts, random), shape: 'one-way', mode }
}

/** Every worker reaches a majority of the servers, and not all the same one. */
const ring: Shape = ({ routes }, posts) => {
  const count = new Set(routes.map(({ server }) => server)).size
  const reach = Math.floor(count / 2) + 1
  const isCut = ({ place, server }: Route): boolean => {
    const from = posts.findIndex((post) => post.place === place) % count
    return (server - from + count) % count >= reach
  }
  return { shape: 'ring', routes: routes.filter(isCut), mode: HOLD }
}

/** A ring and a cut through the servers are for stores of several. */
const SERVERS_MIN = 3

export function shapesFor({ routes }: Pick<Environment, 'routes'>): readonly [Shape, ...Shape[]] {
  const several = new Set(routes.map(({ server }) => server)).size >= SERVERS_MIN
  return several ? [one, majority, oneWay, ring] : [one, majority, oneWay]
}

export const partition: Fault = {
  rights: 'none',
  what:
    'the network breaks for 0.5 to 2 leases: one worker, or most of them, reach no server, or one is heard and does not ' +
    'hear (or the other way round), or with several servers each worker reaches another majority of them',
  counts: 'something that a worker which was cut off sent or was sent vanished, or was held up until it was over',
  atStore: true,
  hitsStore: false,
  begins: 'partition',
  ends: 'end-partition',
  async strike({ random, ttlMs, environment, posts, note, sleep }) {
    const { shape, routes, mode } = random.pick(shapesFor(environment))(environment, posts, random)
    const places = new Set(routes.map(({ place }) => place))
    const targets = posts
      .filter(({ place }) => places.has(place))
      .map((post) => ({ place: post.place, target: post.process() }))
    const lifting = routes.map((route) => ({ place: route.place, lift: route.impose({ ...mode }) }))
    for (const { target } of targets) note('partition', target, { shape })
    await sleep(ttlMs * random.between(LASTS_TTLS.min, LASTS_TTLS.max))
    const lifted = lifting.map(({ place, lift }) => ({ place, hit: lift() }))
    for (const { place, target } of targets) {
      const own = lifted.filter((each) => each.place === place)
      note('end-partition', target, { hit: own.reduce((sum, { hit }) => sum + hit, 0) })
    }
  },
  hadEffect: (window) => wasHit(window),
}
