/** Other libraries under the same measurements, in the same run, with the same client and server. */
import { type Figure, type Settings, type Suite, SuiteSkipped } from '../figure.ts'
import { crowdFigures, crowdOf } from './crowd.ts'
import { handOffOf } from './hand-off.ts'
import { type LockerName, openLocker } from '../server/open-locker.ts'
import { lostReplyOf } from './lost-reply.ts'
import { pairFigures } from './pair-figures.ts'
import { bareEntrant, type Entrant, holdfastEntrant, IN_FLIGHT, nameOf, playPairs } from './pair.ts'
import { renewalOf } from './renewal.ts'
import type { CompetitorName } from './competitor-lockers.ts'
import { installCompetitors } from '@holdfast/testbed/competitors'
import { withServer } from './server.ts'

const COMPETITORS: readonly CompetitorName[] = [
  'redlock 4.2.0',
  'redlock 5.0.0-beta.2',
  'redis-semaphore',
  'redlock-universal',
  '@verrou/core',
]
/** The others have no automatic renewal. */
const RENEWING: readonly CompetitorName[] = ['redlock 5.0.0-beta.2', 'redis-semaphore', 'redlock-universal']
const TTL_MS = 10_000
const LOST_REPLIES = 3
const OURS: Entrant = { ...holdfastEntrant('used'), name: 'holdfast' }

export const competitors: Suite = {
  name: 'rivals',
  group: 'redis',
  about: `Redis, other libraries measured like Holdfast: ${COMPETITORS.join(', ')}; takes about six minutes`,
  async run(settings) {
    const missing = await installCompetitors()
    if (missing !== undefined) throw new SuiteSkipped(missing)
    const figures: Figure[] = []
    for (const inFlight of IN_FLIGHT) figures.push(...(await pairsOf(inFlight, settings)))
    const each = async (names: readonly LockerName[], measure: (name: LockerName) => Promise<readonly Figure[]>) => {
      for (const name of names)
        figures.push(...(await measure(name).catch((error: unknown) => notMeasured(name, error))))
    }
    const all: readonly LockerName[] = ['holdfast', ...COMPETITORS]
    await each(all, (name) => handOffOf(name, 1, settings))
    await each(all, async (name) => crowdFigures(name, [await crowdOf(name, settings)], settings))
    await each(['holdfast', ...RENEWING], (name) => renewalOf(name, settings))
    await each(all, (name) => lostReplyOf(name, LOST_REPLIES, settings))
    return figures
  },
}

/** One that fails under a measurement is told of, and the others are measured all the same. */
function notMeasured(name: LockerName, error: unknown): readonly Figure[] {
  if (name === 'holdfast') throw error
  process.stderr.write(`${name} could not be measured: ${error instanceof Error ? error.message : String(error)}\n`)
  return []
}

async function pairsOf(inFlight: number, settings: Settings): Promise<readonly Figure[]> {
  const entrants = [bareEntrant('used'), OURS, bareEntrant('used'), ...COMPETITORS.map(competitorEntrant)]
  const played = await withServer((server) => playPairs(server, entrants, inFlight, settings))
  return pairFigures({ entrants, ours: new Set([OURS.name]), inFlight }, played)
}

function competitorEntrant(name: CompetitorName): Entrant {
  return {
    name,
    async start(_, url) {
      const [locker, called] = [await openLocker(name, { url, ttlMs: TTL_MS, waitMs: TTL_MS }), nameOf('used')]
      return {
        async pair(turn) {
          const giveBack = await locker.acquire(called(turn))
          await giveBack()
        },
        sent: () => locker.readings()['sent'] ?? 0,
        close: () => locker.close(),
      }
    },
  }
}
