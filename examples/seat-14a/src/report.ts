/**
 * How a child process and the conductor talk: events go out as lines on standard output, single bytes come in on
 * standard input. Both are synchronous, so an announced point is reached with nothing left in a buffer, and nothing
 * else of the process runs between the announcement and the answer.
 */
import { readSync, writeSync } from 'node:fs'
import { type HistoryEvent, Recorder } from '@holdfast/testbed/history'

const STDIN = 0
const STDOUT = 1

export function recorderFor(process: string): Recorder {
  return new Recorder(process, (event: HistoryEvent) => writeSync(STDOUT, `${JSON.stringify(event)}\n`))
}

/** Blocks the whole process until the conductor says go on. An ended input means the conductor is gone, and so are we. */
export function waitForConductor(): void {
  if (readSync(STDIN, Buffer.alloc(1), 0, 1, null) === 0) process.exit(1)
}
