/** One process of the suite `hand-off`: some waiters that want the one lock again and again. */
import { StatementSync } from 'node:sqlite'
import { holdfast } from 'holdfast'
import { sqlite } from 'holdfast/sqlite'
import { cpuMs, nowMs, sleep } from './clock.ts'
import { serve } from './worker-processes.ts'

export interface HandOffJob {
  readonly path: string
  readonly waiters: number
  readonly holdMs: number
  readonly seconds: number
}

/** One hold, on the clock that all processes share. */
export interface Hold {
  readonly token: bigint
  readonly waiter: number
  readonly ranAtMs: number
  readonly sentAtMs: number
}

export interface HandOffPart {
  readonly holds: readonly Hold[]
  readonly rowChanges: number
  readonly cpuMs: number
}

const NAME = 'one'
/** No process may be left waiting when the others have stopped. */
const LAST_WAIT = '10s'

let rowChanges = 0
countRowChanges()

serve<HandOffJob, HandOffPart>(async ({ path, waiters, holdMs, seconds }) => {
  const locks = holdfast(sqlite({ path }), { wait: LAST_WAIT })
  await locks.open()
  return async (startAtMs) => {
    await sleep(startAtMs - nowMs())
    const untilMs = startAtMs + seconds * 1000
    const [changesBefore, cpuBeforeMs] = [rowChanges, cpuMs()]
    const holds: Hold[] = []
    const wait = async (waiter: number): Promise<void> => {
      while (nowMs() < untilMs) {
        const lease = await locks.acquire(NAME)
        const ranAtMs = nowMs()
        if (holdMs > 0) await sleep(holdMs)
        holds.push({ token: lease.token, waiter, ranAtMs, sentAtMs: nowMs() })
        await lease.release()
      }
    }
    await Promise.all(Array.from({ length: waiters }, (_, waiter) => wait(waiter)))
    const part = { holds, rowChanges: rowChanges - changesBefore, cpuMs: cpuMs() - cpuBeforeMs }
    await locks.close()
    return part
  }
})

/** The store's connection is its own, so the driver counts: every row that any statement of this process wrote. */
function countRowChanges(): void {
  const { run } = StatementSync.prototype
  StatementSync.prototype.run = function counted(this: StatementSync, ...values: Parameters<typeof run>) {
    const result = run.apply(this, values)
    // BEGIN and COMMIT answer with the changes of the statement before them.
    if (!/^\s*(?:BEGIN|COMMIT)/.test(this.sourceSQL)) rowChanges += Number(result.changes)
    return result
  } as typeof run
}
