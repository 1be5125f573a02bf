/** What can happen on the way from one worker to the store, while all others reach it. */
import type { ProxyMode } from '../../proxy/mode.ts'
import type { Random } from '../../simulation/random.ts'
import { felt, feltWords } from './effects.ts'
import type { Fault } from './fault.ts'

const LASTS_TTLS = { min: 0.4, max: 2 }
const DELAY_TTLS = { min: 0.1, max: 0.6 }

interface Words {
  readonly kind: string
  readonly what: string
  mode(random: Random, ttlMs: number): ProxyMode
}

function onTheWay({ kind, what, mode }: Words): Fault {
  const ends = `end-${kind}`
  return {
    rights: 'none',
    what: `${what}, for ${LASTS_TTLS.min} to ${LASTS_TTLS.max} leases`,
    counts: `a request of that worker at the store ${feltWords}`,
    atStore: true,
    hitsStore: false,
    begins: kind,
    ends,
    async strike({ random, ttlMs, ground, posts, note, sleep }) {
      const victim = posts[random.below(posts.length)]
      if (victim === undefined) return
      const target = victim.process()
      const chosen = mode(random, ttlMs)
      const lifting = ground.ways.filter((way) => way.place === victim.place).map((way) => way.impose({ ...chosen }))
      note(kind, target)
      await sleep(ttlMs * random.between(LASTS_TTLS.min, LASTS_TTLS.max))
      for (const lift of lifting) lift()
      note(ends, target)
    },
    hadEffect: (spell, record) => felt(record, spell, spell.target),
  }
}

const plain = (kind: 'cut' | 'black-hole' | 'lose-replies' | 'lose-requests' | 'hold') => (): ProxyMode => ({ kind })

export const connectionFaults: ReadonlyMap<string, Fault> = new Map([
  ['cut', onTheWay({ kind: 'cut', what: 'connections of a worker are reset (RST), new ones too', mode: plain('cut') })],
  [
    'black-hole',
    onTheWay({ kind: 'black-hole', what: 'bytes of a worker vanish both ways', mode: plain('black-hole') }),
  ],
  [
    'lose-replies',
    onTheWay({
      kind: 'lose-replies',
      what: 'requests of a worker are carried out and the answers vanish',
      mode: plain('lose-replies'),
    }),
  ],
  [
    'lose-requests',
    onTheWay({ kind: 'lose-requests', what: 'requests of a worker vanish', mode: plain('lose-requests') }),
  ],
  [
    'delay',
    onTheWay({
      kind: 'delay',
      what: `bytes of a worker are late each way, by ${DELAY_TTLS.min} to ${DELAY_TTLS.max} leases with jitter`,
      mode: (random, ttlMs) => {
        const delayMs = ttlMs * random.between(DELAY_TTLS.min, DELAY_TTLS.max)
        return { kind: 'delay', delayMs, jitterMs: delayMs / 2 }
      },
    }),
  ],
])
