/** Takes all the room that is left on a disk. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'

/** Large steps first: each is repeated until it does not fit. */
const CHUNKS = [1024 * 1024, 4096] as const

export interface Ballast {
  /** Not one more block can be written. */
  fill(): void
  /** There is room again. */
  free(): void
}

export function ballastAt(path: string): Ballast {
  return { fill: () => fillWith(path), free: () => rmSync(path, { force: true }) }
}

function fillWith(path: string): void {
  const file = openSync(path, 'a')
  try {
    for (const bytes of CHUNKS) {
      const chunk = Buffer.alloc(bytes)
      while (hasRoomFor(file, chunk));
    }
  } finally {
    closeSync(file)
  }
}

/** A write that is cut short has found the end as well; the next one says so. */
function hasRoomFor(file: number, chunk: Buffer): boolean {
  try {
    return writeSync(file, chunk) === chunk.length
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false
    throw error
  }
}
