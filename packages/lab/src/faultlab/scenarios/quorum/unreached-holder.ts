/** The servers that agree hear nothing of a holder any more, whatever its own server answers: it must stop before another holds. */
import { leaseEndNs, msAfter } from '../lease-end.ts'
import { SERVER } from '../redis/setup.ts'
import type { ScenarioSetup } from '../scenario-setup.ts'
import { holdfastLock, type Shown, shown, type Take } from '../scenario.ts'

const TTL_MS = 3_000
const WAIT_MS = 20 * TTL_MS

/** Where the two processes meet, and what comes between. */
export interface Severance {
  /** What the holder knows of the servers, and what the other one does. */
  readonly holderUrl: string
  readonly otherUrl: string
  /** Returns what heals it, which tells how many bytes were held up or lost. */
  sever(): () => number
}

export const unreachedHolder = (title: string, open: (setup: ScenarioSetup) => Promise<Severance>): Take => ({
  title,
  guard: true,
  lock: holdfastLock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const { holderUrl, otherUrl, sever } = await open(setup)
    const a = await setup.scriptedProcess('A', holderUrl)
    const b = await setup.scriptedProcess('B', otherUrl)
    const first = await a.does({ do: 'acquire', waitMs: 0 })
    await a.does({ do: 'enter' })
    await a.does({ do: 'read' })
    setup.note('partition', SERVER)
    const heal = sever()
    const second = await b.does({ do: 'acquire', waitMs: WAIT_MS })
    const granted = setup.events().find(({ p, f, e }) => p === 'B' && f === 'acquire' && e === 'ok')
    const apartMs = msAfter(leaseEndNs(setup.events(), 'A'), granted)
    const told = await setup.finds(({ p, f }) => p === 'A' && f === 'lost-signal')
    await b.does({ do: 'enter' })
    const late = await a.does({ do: 'write' })
    const hitBytes = heal()
    setup.note('pass', SERVER)
    const released = await a.does({ do: 'release' })
    for (const each of [a, b]) await each.leaves()
    return [
      shown('what they had to say to each other was held up or lost', hitBytes > 0, `${hitBytes} bytes`),
      shown('B holds after the lease of A is over by the clock of A', apartMs >= 0, `${Math.round(apartMs)} ms after`),
      shown('A is told', told !== undefined && released.text === 'expired', `its release: ${released.text}`),
      shown(
        'the token of B is larger',
        second.ok && BigInt(second.text) > BigInt(first.text),
        `${first.text}, then ${second.text}`,
      ),
      shown('a late write of A is not carried out', !late.ok, late.text),
    ]
  },
})
