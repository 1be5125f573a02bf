/**
 * A disk whose power can be cut: what was not yet on it is lost, as after a power failure and unlike after kill -9, where
 * the kernel still writes what it has. A file system in a file, told to stop without writing its log. Needs root.
 */
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { run, which } from '../engines/command.ts'
import type { Storage } from '../engines/engine.ts'
import { makeFolder, removeFolder } from '../engines/guard.ts'
import { locateInstalled } from '../engines/install.ts'
import { until } from '../engines/until.ts'
import { type Ballast, ballastAt } from './ballast.ts'
import { unmountBeneath } from './mounts.ts'
import { requireRoot } from './rights.ts'

const WHAT = 'a disk that loses power'
const STEP_WITHIN_MS = 20_000
/** The processes that had files open there were killed; the kernel may still be ending them. */
const UNMOUNT_WITHIN_MS = 5_000
const SIZE_MB_DEFAULT = 64

export type FileSystem = 'ext4' | 'xfs'

export interface FragileDiskOptions {
  /** @default 'ext4' */
  readonly fileSystem?: FileSystem
  /** At least 16 for ext4 and 300 for xfs. @default 64, or 320 for xfs */
  readonly sizeMb?: number
  /** Where the file lies that plays the disk. @default 'memory' */
  readonly storage?: Storage
}

export interface FragileDisk extends Ballast, AsyncDisposable {
  /** On the disk: for a server's `folder`. */
  readonly folder: string
  readonly hasPower: boolean
  /** What was not synced is gone, and everything on the disk is an error from here on. */
  cutPower(): Promise<void>
  /** Mounts what is left. The processes that used the disk must be dead. */
  restore(): Promise<void>
  close(): Promise<void>
}

interface Programs {
  readonly io: string
  readonly make: string
}

const DEFAULTS: Readonly<Record<FileSystem, { readonly sizeMb: number; readonly makeArgs: readonly string[] }>> = {
  ext4: { sizeMb: SIZE_MB_DEFAULT, makeArgs: ['-q', '-F'] },
  xfs: { sizeMb: 5 * SIZE_MB_DEFAULT, makeArgs: ['-q', '-f'] },
}

/** Rejects with RightsMissing or EngineNotAvailable. */
export async function locate(fileSystem: FileSystem = 'ext4'): Promise<Programs> {
  await requireRoot(WHAT)
  const pattern = /(\d+(?:\.\d+)+)/
  const io = await locateInstalled({
    engineName: WHAT,
    packages: ['xfsprogs'],
    program: 'xfs_io',
    version: { args: ['-V'], pattern },
  })
  const make = await locateInstalled({
    engineName: WHAT,
    packages: [fileSystem === 'ext4' ? 'e2fsprogs' : 'xfsprogs'],
    program: `mkfs.${fileSystem}`,
    version: { args: ['-V'], pattern },
  })
  return { io: io.command[0], make: make.command[0] }
}

export async function openFragileDisk(options: FragileDiskOptions = {}): Promise<FragileDisk> {
  const { fileSystem = 'ext4', storage = 'memory' } = options
  const programs = await locate(fileSystem)
  const { sizeMb, makeArgs } = DEFAULTS[fileSystem]
  const root = await makeFolder('fragile-disk', storage)
  const image = join(root, 'image')
  const mount = join(root, 'disk')
  const folder = join(mount, 'home')
  let hasPower = true
  const mounted = async (): Promise<void> => void (await tool('mount', ['-o', 'loop', image, mount]))
  const close = async (): Promise<void> => {
    unmountBeneath(root)
    removeFolder(root)
  }
  try {
    await mkdir(mount)
    await tool('truncate', ['-s', `${options.sizeMb ?? sizeMb}M`, image])
    await tool(programs.make, [...makeArgs, image])
    await mounted()
    await mkdir(folder)
    // A server that runs as another user gets to its own folder in it.
    for (const each of [root, folder]) await chmod(each, 0o711)
    // The folder itself must survive a power cut that comes before the first sync.
    await tool('sync', ['-f', folder])
  } catch (error) {
    await close()
    throw error
  }
  return {
    folder,
    ...ballastAt(join(mount, 'ballast')),
    get hasPower() {
      return hasPower
    },
    async cutPower() {
      if (!hasPower) throw new Error('the power is cut already')
      hasPower = false
      await tool(programs.io, ['-x', '-c', 'shutdown', mount])
    },
    async restore() {
      if (hasPower) throw new Error('the power is there')
      await until(() => tool('umount', [mount]).then(() => true), {
        withinMs: UNMOUNT_WITHIN_MS,
        everyMs: 20,
        what: 'that nobody uses the disk any more',
      })
      await mounted()
      hasPower = true
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function tool(program: string, args: readonly string[]): Promise<string> {
  return run((await which(program)) ?? program, args, { withinMs: STEP_WITHIN_MS })
}
