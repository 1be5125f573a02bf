/** What can happen on the way from one worker to the store, while all others reach it. */
import type { ProxyMode } from '@holdfast/testbed/proxy/mode'
import type { Random } from '@holdfast/testbed/random'
import type { Record } from '../../judge/record.ts'
import { felt, feltWords } from './effects.ts'
import type { Fault } from './fault.ts'
import type { FaultWindow } from './fault-window.ts'

const LASTS_TTLS = { min: 0.4, max: 2 }
const DELAY_TTLS = { min: 0.1, max: 0.6 }

const LOST = 'something that the worker sent or was sent vanished'

interface Words {
  readonly kind: string
  readonly what: string
  readonly counts: string
  mode(random: Random, ttlMs: number): ProxyMode
  /** Beside that it hit something on the way. */
  shows?(record: Record, window: FaultWindow): boolean
}

/** What is written down at the end: the bytes, or the connections, that this fault itself hit. */
export function wasHit({ ended }: FaultWindow): boolean {
  return Number(ended['hit'] ?? 0) > 0
}

function onTheWay({ kind, what, counts, mode, shows = () => true }: Words): Fault {
  const ends = `end-${kind}`
  return {
    rights: 'none',
    what: `${what}, for ${LASTS_TTLS.min} to ${LASTS_TTLS.max} leases`,
    counts,
    atStore: true,
    hitsStore: false,
    begins: kind,
    ends,
    async strike({ random, ttlMs, environment, posts, note, sleep }) {
      const victim = posts[random.below(posts.length)]
      if (victim === undefined) return
      const target = victim.process()
      const chosen = mode(random, ttlMs)
      const lifting = environment.routes
        .filter((route) => route.place === victim.place)
        .map((route) => route.impose({ ...chosen }))
      note(kind, target)
      await sleep(ttlMs * random.between(LASTS_TTLS.min, LASTS_TTLS.max))
      note(ends, target, { hit: lifting.reduce((sum, lift) => sum + lift(), 0) })
    },
    hadEffect: (window, record) => wasHit(window) && shows(record, window),
  }
}

const plain = (kind: 'cut' | 'black-hole' | 'lose-replies' | 'lose-requests' | 'hold') => (): ProxyMode => ({ kind })

export const connectionFaults: ReadonlyMap<string, Fault> = new Map([
  [
    'cut',
    onTheWay({
      kind: 'cut',
      what: 'connections of a worker are reset (RST), new ones too',
      counts: `a connection was reset, and a request of that worker at the store ${feltWords}`,
      mode: plain('cut'),
      shows: (record, window) => felt(record, window, window.target),
    }),
  ],
  [
    'black-hole',
    onTheWay({
      kind: 'black-hole',
      what: 'bytes of a worker vanish both ways',
      counts: LOST,
      mode: plain('black-hole'),
    }),
  ],
  [
    'lose-replies',
    onTheWay({
      kind: 'lose-replies',
      what: 'requests of a worker are carried out and the answers vanish',
      counts: LOST,
      mode: plain('lose-replies'),
    }),
  ],
  [
    'lose-requests',
    onTheWay({
      kind: 'lose-requests',
      what: 'requests of a worker vanish',
      counts: LOST,
      mode: plain('lose-requests'),
    }),
  ],
  [
    'delay',
    onTheWay({
      kind: 'delay',
      what: `bytes of a worker are late each way, by ${DELAY_TTLS.min} to ${DELAY_TTLS.max} leases with jitter`,
      counts: 'something that the worker sent or was sent was late by it',
      mode: (random, ttlMs) => {
        const delayMs = ttlMs * random.between(DELAY_TTLS.min, DELAY_TTLS.max)
        return { kind: 'delay', delayMs, jitterMs: delayMs / 2 }
      },
    }),
  ],
])
