/** The process of the suite `redis-lost-reply`: it asks for free locks through a proxy that swallows the first answer. */
import { openProxy } from '@holdfast/testbed/engines'
import { until } from '@holdfast/testbed/engines/until'
import { nowMs } from '../clock.ts'
import { serve } from '../worker-processes.ts'
import { type LockerName, openLocker } from '../server/open-locker.ts'

export interface LostReplyJob {
  readonly url: string
  readonly locker: LockerName
  readonly ttlMs: number
  readonly rounds: number
}

/** From asking to holding, once for each round. */
export type LostReplyResult = readonly number[]

const LOST_WITHIN_MS = 10_000
const WAIT_MS = 60_000

serve<LostReplyJob, LostReplyResult>(async (job) => async () => {
  const took: number[] = []
  for (let round = 0; round < job.rounds; round += 1) took.push(await askAndLose(job, `free-${round}`))
  return took
})

async function askAndLose({ url, locker: name, ttlMs }: LostReplyJob, lock: string): Promise<number> {
  await using proxy = await openProxy({ port: Number(new URL(url).port) })
  const locker = await openLocker(name, { url: proxy.through(url), ttlMs, waitMs: WAIT_MS })
  const giveBack = await locker.acquire('another')
  await giveBack()
  const { lostBytes } = proxy.stats.replies
  proxy.set({ kind: 'lose-replies' })
  const askedMs = nowMs()
  const asking = locker.acquire(lock)
  await until(() => proxy.stats.replies.lostBytes > lostBytes, {
    withinMs: LOST_WITHIN_MS,
    everyMs: 1,
    what: 'the loss of the answer',
  })
  // Ends the loss, and with it the connection that suffered it, as a network does.
  proxy.set({ kind: 'pass' })
  const giveBackFree = await asking
  const tookMs = nowMs() - askedMs
  await giveBackFree()
  await locker.close()
  return tookMs
}
