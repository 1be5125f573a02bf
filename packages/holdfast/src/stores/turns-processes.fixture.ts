/** Processes that take turns on one lock, and the tokens that they wrote in the order of the turns. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { expect } from 'vitest'

const PROCESSES = 6

export interface Turns {
  /** The program of each process: `node SCRIPT URL RESOURCE FILE TURNS HEARTBEAT_MS`. */
  readonly script: string
  readonly url: string
  readonly turns: number
  readonly heartbeatMs: number
  /** Hurts them while they run. */
  hurt?(children: readonly ChildProcess[]): Promise<void>
}

/** Every turn came, and each token is above the one before. */
export async function expectRisingTokens({ script, url, turns, heartbeatMs, hurt }: Turns): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
  const file = join(folder, 'tokens')
  const words = [script, url, 'n!lock', file, String(turns), String(heartbeatMs)]
  try {
    const children = Array.from({ length: PROCESSES }, () =>
      spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'inherit'] }),
    )
    const exits = Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number | null))
    await hurt?.(children)
    expect(await exits).toEqual(children.map(() => 0))
    const tokens = readFileSync(file, 'utf8').trim().split('\n').map(BigInt)
    promised(() => {
      expect(tokens).toHaveLength(PROCESSES * turns)
      expect(tokens).toEqual([...new Set(tokens)].toSorted((one, other) => (one < other ? -1 : 1)))
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
