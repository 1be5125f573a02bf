/** A disk that can be full: a file system in memory with a limit, and a ballast that takes what is left. Needs root. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { run, which } from '../engines/command.ts'
import { makeFolder, removeFolder } from '../engines/guard.ts'
import { type Ballast, ballastAt } from './ballast.ts'
import { unmountBeneath } from './mounts.ts'
import { requireRoot } from './rights.ts'

const WHAT = 'a disk that gets full'
const STEP_WITHIN_MS = 20_000
const SIZE_MB_DEFAULT = 16

export interface SmallDisk extends Ballast, AsyncDisposable {
  /** On the disk: for a server's `folder`. */
  readonly folder: string
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
    ...ballastAt(join(mount, 'ballast')),
    close,
    [Symbol.asyncDispose]: close,
  }
}
