/**
 * A pipeline of two jobs, each a client of its own, that must not be parted: it takes a lock, migrates in the first job and deploys in
 * the second. Another pipeline waits for the same lock. `node main.ts without` shows what comes between when the first job gives the
 * lock back and the second takes it again, `node main.ts with` what does when it is handed over.
 */
import { holdfast, type Locks } from 'holdfast'
import { adopt, handOver } from 'holdfast/hand-over'
import { memory, memoryEngine } from 'holdfast/memory'

const PIPELINES = 5
const [way = 'with'] = process.argv.slice(2)
const engine = memoryEngine()
const steps: string[] = []

/** What one job hands to the next, and nothing where the lock is taken again. */
async function migrate(locks: Locks, pipeline: string): Promise<string | undefined> {
  const lease = await locks.acquire('deploy')
  steps.push(pipeline)
  if (way === 'with') return await handOver(locks, lease, { within: '1m' })
  await lease.release()
  return undefined
}

async function deploy(locks: Locks, pipeline: string, handed: string | undefined): Promise<void> {
  await using _ = handed === undefined ? await locks.acquire('deploy') : await adopt(locks, handed)
  steps.push(pipeline)
}

async function run(pipeline: string): Promise<void> {
  const [first, second] = [holdfast(memory(engine)), holdfast(memory(engine))]
  const handed = await migrate(first, pipeline)
  await first.close()
  await deploy(second, pipeline, handed)
  await second.close()
}

await Promise.all(Array.from({ length: PIPELINES }, (_, index) => run(`pipeline ${index}`)))
const parted = steps.filter((pipeline, index) => index % 2 === 1 && steps[index - 1] !== pipeline).length
console.log(`${way} handOver: ${PIPELINES} pipelines, ${parted} with another one between their jobs`)
