/** What `holdfast doctor` asks of the bucket in NATS itself: on how many servers it is kept, whether they keep up, whether it forgets. */
import { type NatsBucketState, natsBucketState } from 'holdfast/nats'
import type { Finding } from './doctor-report.ts'

const REPLICAS_AGREEING = 3
const DAY_MS = 24 * 60 * 60 * 1000
const MEGABYTE = 1024 * 1024

/** Empty where the bucket cannot be looked at: the opening says why. */
export async function natsFindings(url: string): Promise<readonly Finding[]> {
  const state = await natsBucketState(url).catch(() => undefined)
  return state === undefined ? [] : [bucket(state), replicas(state), idleLines(state)]
}

function bucket({ bytes, lineCount, storage }: NatsBucketState): Finding {
  const finding = { check: 'bucket', seen: `${lineCount} lines in ${(bytes / MEGABYTE).toFixed(1)} MB, in ${storage}` }
  if (storage === 'file') return { ...finding, level: 'ok' }
  const advice = 'What is in memory goes with its servers: make a bucket with --storage=file.'
  return { ...finding, level: 'note', advice }
}

function replicas({ behind, leader, replicas: count }: NatsBucketState): Finding {
  const led = leader === undefined ? '' : `, ${leader} leads`
  const finding = { check: 'replicas', seen: `kept on ${count === 1 ? 'one server' : `${count} servers`}${led}` }
  if (behind.length > 0) {
    const advice = `One more that fails may stop every lock. Away or behind: ${behind.join(', ')}`
    return { ...finding, level: 'note', advice }
  }
  if (count >= REPLICAS_AGREEING) return { ...finding, level: 'ok' }
  const advice = 'The loss of a server stops every lock: in a cluster of three use three replicas (nats stream edit).'
  return { ...finding, level: 'note', advice }
}

function idleLines({ maxAgeMs }: NatsBucketState): Finding {
  if (maxAgeMs > 0) {
    const seen = `lines that nobody uses go after ${Math.floor(maxAgeMs / DAY_MS)} days`
    return { level: 'ok', check: 'idle-lines', seen }
  }
  const advice = 'Where names come and go the bucket only grows: let it forget after 30 days (max-age).'
  return { level: 'note', check: 'idle-lines', seen: 'lines that nobody uses: kept for ever', advice }
}
