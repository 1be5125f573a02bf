/** A disk that can be full: a file system in memory with a limit, and a ballast that takes what is left. Needs root. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { run, which } from '../engines/command.ts'
import { makeFolder, removeFolder } from '../engines/guard.ts'
import { unmountBeneath } from './mounts.ts'
import { requireRoot } from './rights.ts'

const WHAT = 'a disk that gets full'
const STEP_WITHIN_MS = 20_000
const SIZE_MB_DEFAULT = 16
const CHUNKS = [1024 * 1024, 4096] as const

export interface SmallDisk extends AsyncDisposable {
  /** On the disk: for a server's `folder`. */
  readonly folder: string
  /** Not one more block can be written. */
  fill(): void
  /** There is room again. */
  free(): void
  close(): Promise<void>
}

/** Rejects with RightsMissing. */
export async function locate(): Promise<void> {
  await requireRoot(WHAT)
}

export async function openSmallDisk({ sizeMb = SIZE_MB_DEFAULT }: { sizeMb?: number } = {}): Promise<SmallDisk> {
  await locate()
  const root = await makeFolder('small-disk', 'memory')
  const mount = join(root, 'disk')
  const folder = join(mount, 'home')
  const ballast = join(mount, 'ballast')
  const close = async (): Promise<void> => {
    unmountBeneath(root)
    removeFolder(root)
  }
  try {
    await mkdir(mount)
    const args = ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'holdfast-lab', mount]
    await run((await which('mount')) ?? 'mount', args, { withinMs: STEP_WITHIN_MS })
    await mkdir(folder)
  } catch (error) {
    await close()
    throw error
  }
  return {
    folder,
    fill: () => fillWith(ballast),
    free: () => rmSync(ballast, { force: true }),
    close,
    [Symbol.asyncDispose]: close,
  }
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
