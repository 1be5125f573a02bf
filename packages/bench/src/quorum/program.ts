/** A program in another language under the same crowd: it prints the turns of each waiter, and the gaps between holds. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Figure, Settings } from '../figure.ts'
import { jain, median } from '../statistics.ts'

const QUICK_SECONDS = 1
const run = promisify(execFile)

interface Counted {
  readonly turns: readonly number[]
  readonly gapsUs: readonly number[]
}

export interface Crowd {
  /** Of all servers, as `host:port,host:port`. */
  readonly hosts: string
  readonly waiters: number
  readonly holdMs: number
}

/** It is called with the hosts, the number of waiters, the milliseconds of a hold, and how many seconds it lasts. */
export async function programHandOff(
  name: string,
  [program, ...words]: readonly [string, ...string[]],
  { hosts, waiters, holdMs }: Crowd,
  { quick, seconds }: Settings,
): Promise<readonly Figure[]> {
  const lastS = quick ? QUICK_SECONDS : seconds
  const args = [...words, hosts, ...[waiters, holdMs, lastS].map(String)]
  const { stdout } = await run(program, args, { maxBuffer: 2 ** 26 })
  const { turns, gapsUs } = JSON.parse(stdout) as Counted
  const where = `${waiters} waiters, ${name}`
  const holds = turns.reduce((sum, each) => sum + each, 0)
  return [
    { what: `${where}: hand-offs per second`, unit: '/s', value: holds / lastS },
    { what: `${where}: fairness (Jain)`, unit: '', value: jain(turns) },
    { what: `${where}: p50`, unit: 'ms', value: median(gapsUs) / 1000 },
  ]
}
