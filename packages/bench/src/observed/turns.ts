/** Waiters that take turns on one name for a while: how a lock goes from one to the next, and what that costs in requests. */
import { nowMs, sleep } from '../clock.ts'
import type { Figure, Settings } from '../figure.ts'
import { jain, median, percentile } from '../statistics.ts'

/** Resolves with how to give it back. */
export type Acquire = (name: string) => Promise<() => Promise<unknown>>

export interface Turns {
  readonly where: string
  /** Of each client: the waiters spread over them. */
  readonly clients: readonly Acquire[]
  readonly waiters: number
  /** What was sent so far, by all of them. */
  sent(): number
}

const HOLD_MS = 1
const QUICK_SECONDS = 0.5

export async function turnsOf(
  { where, clients, waiters, sent }: Turns,
  { quick, seconds }: Settings,
): Promise<readonly Figure[]> {
  const turns = Array.from({ length: waiters }, () => 0)
  const gapsMs: number[] = []
  const [sentBefore, startedMs] = [sent(), nowMs()]
  const endsAtMs = startedMs + (quick ? QUICK_SECONDS : seconds) * 1000
  let givenBackMs: number | undefined
  const wait = async (waiter: number): Promise<void> => {
    const acquire = clients[waiter % clients.length]
    while (acquire !== undefined && nowMs() < endsAtMs) {
      const giveBack = await acquire('one')
      const ranAtMs = nowMs()
      if (givenBackMs !== undefined) gapsMs.push(ranAtMs - givenBackMs)
      turns[waiter] = (turns[waiter] ?? 0) + 1
      await sleep(HOLD_MS)
      givenBackMs = nowMs()
      await giveBack()
    }
  }
  await Promise.all(turns.map((_, waiter) => wait(waiter)))
  const tookS = (nowMs() - startedMs) / 1000
  return [
    { what: `${where}: hand-offs per second`, unit: '/s', value: gapsMs.length / tookS },
    { what: `${where}: hand-off p50`, unit: 'ms', value: median(gapsMs) },
    { what: `${where}: hand-off p99`, unit: 'ms', value: percentile(gapsMs, 0.99) },
    { what: `${where}: requests per hand-off`, unit: '', value: (sent() - sentBefore) / gapsMs.length },
    { what: `${where}: fairness (Jain)`, unit: '', value: jain(turns) },
  ]
}
