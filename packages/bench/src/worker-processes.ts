/** Processes that measure together: all of them get ready, then all start at one moment. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { nowMs } from './clock.ts'

/** Between the last one being ready and the start: time for the message to reach every process. */
const HEAD_START_MS = 50
/** No measurement takes this long; what does is stuck. */
const ANSWER_WITHIN_MS = 15 * 60_000

/** Starts one process for each job; the script is a file beside this one that calls `serve`. */
export async function runWorkers<Job, Result>(script: string, jobs: readonly Job[]): Promise<readonly Result[]> {
  const members = jobs.map(() => fork(fileURLToPath(new URL(script, import.meta.url)), { serialization: 'advanced' }))
  const killAll = (): void => members.forEach((member) => void member.kill('SIGKILL'))
  process.once('exit', killAll)
  try {
    await Promise.all(members.map((member, index) => ask(member, jobs[index])))
    const startAtMs = nowMs() + HEAD_START_MS
    const results = await Promise.all(members.map((member) => ask(member, startAtMs)))
    await Promise.all(members.map((member) => dismiss(member)))
    return results as readonly Result[]
  } finally {
    killAll()
    process.removeListener('exit', killAll)
  }
}

/** In a member: prepares the job, and runs what that answered from the common start on. */
export function serve<Job, Result>(prepare: (job: Job) => Promise<(startAtMs: number) => Promise<Result>>): void {
  // Who is dismissed goes, whatever it still waits for.
  process.once('disconnect', () => process.exit())
  process.once('message', (job) => {
    void prepare(job as Job).then((measure) => {
      process.once('message', (startAtMs) => {
        void measure(startAtMs as number).then((result) => process.send?.(result))
      })
      process.send?.('ready')
    })
  })
}

async function ask(member: ChildProcess, message: unknown): Promise<unknown> {
  const left = new AbortController()
  try {
    member.send(message as never)
    const answered = once(member, 'message', { signal: left.signal }).then(([answer]) => answer as unknown)
    const died = once(member, 'exit', { signal: left.signal }).then(([code]) => {
      throw new Error(`a measuring process ended with ${String(code)} before it answered`)
    })
    const late = sleep(ANSWER_WITHIN_MS, undefined, { signal: left.signal }).then(() => {
      throw new Error(`a measuring process gave no answer within ${ANSWER_WITHIN_MS / 60_000} minutes`)
    })
    return await Promise.race([answered, died, late])
  } finally {
    left.abort()
  }
}

async function dismiss(member: ChildProcess): Promise<void> {
  if (member.exitCode !== null || member.signalCode !== null) return
  const gone = once(member, 'exit')
  if (member.connected) member.disconnect()
  await gone
}
