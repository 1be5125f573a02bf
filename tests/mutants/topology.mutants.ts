/** Damages to Redis in a Cluster and behind Sentinels, to the guard that runs once, and to what an opening finds out. */
import type { Check, Mutant } from './mutant.ts'

const engine = 'redis'
const cluster = (named: string): Check => ({
  tests: ['packages/holdfast/src/stores/redis/cluster.test.ts'],
  named,
  engine,
})
const refusals = (named: string): Check => ({
  tests: ['packages/holdfast/src/stores/redis/refusals.test.ts'],
  named,
  engine,
})
const slots: Check = { tests: ['packages/holdfast/src/stores/redis-driver/slots.test.ts'], engine }
const resend: Check = { tests: ['packages/holdfast/src/guards/redis/resend.test.ts'], engine }
const failover: Check = {
  tests: ['packages/holdfast/src/stores/redis/sentinel.test.ts'],
  named: 'frozen with its connections',
  engine,
}

type Damage = Omit<Mutant, 'name'>

const damages: Readonly<Record<string, Damage>> = {
  'renewals ignore slots': {
    file: 'packages/holdfast/src/stores/redis/renewal-batches.ts',
    find: 'isCluster ? bySlot(renewals, ({ ref }) => keys.line(ref.resource)) : [renewals]',
    replace: '[renewals]',
    caughtBy: cluster('those of other slots are renewed'),
  },
  'renewals are answered in the order of their slots': {
    file: 'packages/holdfast/src/stores/redis/store.ts',
    find: 'return renewals.map((renewal) => answers.get(renewal)',
    replace: 'return batches.flat().map((renewal) => answers.get(renewal)',
    caughtBy: cluster('in the order in which they were asked for'),
  },
  'a slot ignores the hash tag': {
    file: 'packages/holdfast/src/stores/redis-driver/slots.ts',
    find: 'start >= 0 && end > start + 1',
    replace: 'start > 0 && end < 0',
    caughtBy: slots,
  },
  'an empty hash tag counts': {
    file: 'packages/holdfast/src/stores/redis-driver/slots.ts',
    find: 'end > start + 1',
    replace: 'end > start',
    caughtBy: slots,
  },
  'listeners are counted in a Cluster': {
    file: 'packages/holdfast/src/stores/redis/scripts.ts',
    find: 'listenersAreCounted = ${!isCluster}',
    replace: 'listenersAreCounted = true',
    caughtBy: cluster('listens on another node is not taken for dead'),
  },
  'sharded channels get plain messages': {
    file: 'packages/holdfast/src/stores/redis/save.lua',
    find: "isSharded and 'SPUBLISH' or 'PUBLISH'",
    replace: "'PUBLISH'",
    caughtBy: cluster('through a URL > an observer is told'),
  },
  'observers by sharded channels are not told': {
    file: 'packages/holdfast/src/stores/redis/save.lua',
    find: "if limits.isCluster then redis.call('SPUBLISH', line.key, version) end",
    replace: '',
    caughtBy: cluster('through a URL > an observer is told'),
  },
  'what was told before anybody listened is not asked for': {
    file: 'packages/holdfast/src/stores/redis/store.ts',
    find: 'if (!channels.hears(channelOf(resource))) claims.missing(',
    replace: 'if (false) claims.missing(',
    caughtBy: cluster('came before anybody listened'),
  },
  'a hint that nobody waited for is forgotten': {
    file: 'packages/holdfast/src/stores/redis/local-claims.ts',
    find: 'if (entry.newsAt > 0) return Promise.resolve(HINT)',
    replace: '',
    caughtBy: { tests: ['packages/holdfast/src/stores/redis/local-claims.test.ts'] },
  },
  'channels are never ended': {
    file: 'packages/holdfast/src/stores/redis-driver/channels.ts',
    find: 'if (this.#idle.size <= IDLE_CHANNELS_MAX) return',
    replace: 'return',
    caughtBy: cluster('the channels of lines that nobody waits for'),
  },
  'a Cluster is walked on one primary alone': {
    file: 'packages/holdfast/src/stores/redis/admin.ts',
    find: 'return [following === undefined ?',
    replace: 'return [following !== undefined ?',
    caughtBy: cluster('through a URL > locks in every slot'),
  },
  'a Cluster is worth what its best primary is worth': {
    file: 'packages/holdfast/src/stores/redis/durability.ts',
    find: 'rankOf(other) - rankOf(one)',
    replace: 'rankOf(one) - rankOf(other)',
    caughtBy: cluster('worth what the worst of its primaries'),
  },
  'Sentinels are no reason': {
    file: 'packages/holdfast/src/stores/redis/durability.ts',
    find: 'mayFailOver: replicas > 0 || failsOver || !isTold,',
    replace: 'mayFailOver: replicas > 0 || !isTold,',
    caughtBy: { tests: ['packages/holdfast/src/stores/redis/facts.test.ts'] },
  },
  'a server that pauses its flushing is durable': {
    file: 'packages/holdfast/src/stores/redis-driver/probe.ts',
    find: "settings.get('no-appendfsync-on-rewrite') === 'no'",
    replace: 'true',
    caughtBy: { tests: ['packages/holdfast/src/stores/redis/facts.test.ts'] },
  },
  'a setting that is left out is a good one': {
    file: 'packages/holdfast/src/stores/redis-driver/probe.ts',
    find: 'SETTINGS.every((name) => settings.has(name)) ? settings : undefined',
    replace: 'settings',
    caughtBy: { tests: ['packages/holdfast/src/stores/redis/facts.test.ts'] },
  },
  'who listens does not follow the commands': {
    file: 'packages/holdfast/src/stores/redis-driver/client.ts',
    find: "if (failsOver) client.on('ready', follow)",
    replace: '',
    caughtBy: failover,
  },
  'a user who may not publish is found out when somebody waits': {
    file: 'packages/holdfast/src/stores/redis/open.ts',
    find: '    await requireRights(base, promises.findings, keys, client)\n',
    replace: '',
    caughtBy: refusals('is refused when the store opens'),
  },
  'the work of a caller is carried out as often as it is sent': {
    file: 'packages/holdfast/src/guards/redis/fence.ts',
    find: "${isOnce ? ONCE : 'local now = 0\\n'}",
    replace: 'local now = 0\\n',
    caughtBy: resend,
  },
}

export const topologyMutants: readonly Mutant[] = Object.entries(damages).map(([name, damage]) => ({
  name: `topology: ${name}`,
  ...damage,
}))
