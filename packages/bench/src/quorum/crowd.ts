/** How soon a thousand stand in line where a quorum keeps it, and what becomes of the line when the leader is killed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { holdfast } from 'holdfast'
import { nowMs } from '../clock.ts'
import { type Figure, type Settings, sizeOf, type Suite } from '../figure.ts'
import { gainedBetween } from '../slices.ts'
import type { MeasuredQuorum, QuorumEngine } from './engine.ts'

const WAITERS = 1_000
const QUEUED_SECONDS_MAX = 2
const TTL_MS = 30_000
const LOOK_MS = 10

export const quorumCrowd = (engine: QuorumEngine): Suite => ({
  name: `${engine.scheme}-crowd`,
  group: engine.scheme,
  about: `${engine.title}, ${WAITERS.toLocaleString('en-US')} waiters of one client on one name, each once; and the same while the leader is killed`,
  async run(settings) {
    return [...(await crowdOf(engine, settings, 'whole')), ...(await crowdOf(engine, settings, 'leader killed'))]
  },
})

async function crowdOf(
  engine: QuorumEngine,
  settings: Settings,
  trouble: 'whole' | 'leader killed',
): Promise<readonly Figure[]> {
  const waiters = sizeOf(WAITERS, settings)
  return await engine.within(async (measured) => {
    await using locks = holdfast(engine.store(measured.url), { ttl: TTL_MS, wait: '5m' })
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
    if (trouble === 'leader killed') await (await measured.leader()).engine.kill()
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
      const longest = { unit: 'ms', value: Math.max(...gaps), target: { atMost: engine.gapMsMax } }
      return [
        ...common,
        { what: `${trouble}: another one after, by their word`, unit: 'ms', value: (await electedAtMs) - beganAtMs },
        { what: `${trouble}: longest time without a grant`, ...longest },
      ]
    }
    return [
      { what: 'time to queue', unit: 's', value: queuedMs / 1000, target: { atMost: QUEUED_SECONDS_MAX } },
      ...common,
      ...engine.crowdCosts(gainedBetween(before, await measured.readings()), waiters),
    ]
  })
}

/** When a member says that it leads, as its followers learn at the same time. */
async function electionOf({ leader }: MeasuredQuorum): Promise<number> {
  while (!(await leader().then(Boolean, () => false))) await sleep(LOOK_MS)
  return nowMs()
}
