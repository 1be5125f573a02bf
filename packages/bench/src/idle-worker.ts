/** One process of the suite `idle`: waiters whose turn does not come. */
import { holdfast } from 'holdfast'
import { sqlite } from 'holdfast/sqlite'
import { cpuMs, sleep } from './clock.ts'
import { serve } from './worker-processes.ts'

export interface IdleJob {
  readonly path: string
  /** One for each waiter. */
  readonly names: readonly string[]
  readonly seconds: number
}

/** Milliseconds of CPU in each second. */
export type IdleResult = number

serve<IdleJob, IdleResult>(async ({ path, names, seconds }) => {
  const locks = holdfast(sqlite({ path }), { wait: '1h' })
  await locks.open()
  let waiting = 0
  const allWait = new Promise<void>((resolve) => {
    if (names.length === 0) resolve()
    locks.on('waiting', () => {
      waiting += 1
      if (waiting === names.length) resolve()
    })
  })
  const waits = names.map((name) => locks.acquire(name).catch(() => undefined))
  await allWait
  return async () => {
    const beforeMs = cpuMs()
    await sleep(seconds * 1000)
    const perSecond = (cpuMs() - beforeMs) / seconds
    await locks.close()
    await Promise.all(waits)
    return perSecond
  }
})
