/** How soon a thousand stand in line in etcd, and what becomes of the line when the leader is killed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { holdfast } from 'holdfast'
import { etcd } from 'holdfast/etcd'
import { nowMs } from '../clock.ts'
import { type Figure, type Settings, sizeOf, type Suite } from '../figure.ts'
import { gainedBetween } from '../slices.ts'
import { type MeasuredCluster, withCluster } from './cluster.ts'

const WAITERS = 1_000
const QUEUED_SECONDS_MAX = 2
/** The first second is that of the election timeout of an etcd that is not told otherwise. */
const GAP_MS_MAX = 2_000
const TTL_MS = 30_000
const LOOK_MS = 10

export const etcdCrowd: Suite = {
  name: 'etcd-crowd',
  group: 'etcd',
  about: `etcd of three members, ${WAITERS.toLocaleString('en-US')} waiters of one client on one name, each once; and the same while the leader is killed`,
  async run(settings) {
    return [...(await crowdOf(settings, 'whole')), ...(await crowdOf(settings, 'leader killed'))]
  },
}

async function crowdOf(settings: Settings, trouble: 'whole' | 'leader killed'): Promise<readonly Figure[]> {
  const waiters = sizeOf(WAITERS, settings)
  return await withCluster(async (measured) => {
    await using locks = holdfast(etcd(measured.url), { ttl: TTL_MS, wait: '5m' })
    const first = await locks.acquire('one')
    const queued = Promise.withResolvers<void>()
    let waiting = 0
    locks.on('waiting', () => void ((waiting += 1) === waiters && queued.resolve()))
    const grantedAtMs: number[] = []
    const tokens: bigint[] = []
    const askedAtMs = nowMs()
    const turns = Array.from({ length: waiters }, async () => {
      const lease = await locks.acquire('one')
      grantedAtMs.push(nowMs())
      tokens.push(lease.token)
      await lease.release()
    })
    await queued.promise
    const queuedMs = nowMs() - askedAtMs
    const before = await measured.readings()
    if (trouble === 'leader killed') await (await measured.cluster.leader()).engine.kill()
    const beganAtMs = nowMs()
    const electedAtMs = trouble === 'leader killed' ? electionOf(measured) : beganAtMs
    await first.release()
    await Promise.all(turns)
    const inOrder = tokens.every((token, turn) => turn === 0 || token > (tokens[turn - 1] ?? 0n))
    const gaps = grantedAtMs.map((atMs, turn) => atMs - (grantedAtMs[turn - 1] ?? beganAtMs))
    const common = [
      {
        what: `${trouble}: served in order`,
        unit: '',
        value: inOrder ? tokens.length : 0,
        target: { atLeast: waiters },
      },
      { what: `${trouble}: all served after`, unit: 's', value: (nowMs() - beganAtMs) / 1000 },
    ]
    if (trouble === 'leader killed') {
      const longest = { unit: 'ms', value: Math.max(...gaps), target: { atMost: GAP_MS_MAX } }
      return [
        ...common,
        { what: `${trouble}: another one after, by etcd's word`, unit: 'ms', value: (await electedAtMs) - beganAtMs },
        { what: `${trouble}: longest time without a grant`, ...longest },
      ]
    }
    return [
      { what: 'time to queue', unit: 's', value: queuedMs / 1000, target: { atMost: QUEUED_SECONDS_MAX } },
      ...common,
      ...(await costsOf(measured, before, waiters)),
    ]
  })
}

/** When a member says that it leads, as its followers learn at the same time. */
async function electionOf({ cluster }: MeasuredCluster): Promise<number> {
  while (!(await cluster.leader().then(Boolean, () => false))) await sleep(LOOK_MS)
  return nowMs()
}

async function costsOf(
  { readings }: MeasuredCluster,
  before: Awaited<ReturnType<MeasuredCluster['readings']>>,
  waiters: number,
): Promise<readonly Figure[]> {
  const { Txn = 0, Range = 0 } = gainedBetween(before, await readings())
  return [
    { what: 'transactions per hand-off', unit: '', value: Txn / waiters, target: { atMost: 2.01 } },
    { what: 'reads per hand-off', unit: '', value: Range / waiters },
  ]
}
