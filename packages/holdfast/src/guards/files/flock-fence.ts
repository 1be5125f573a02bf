/** The guard for files under a lock of the operating system, held from the comparison of the token to the end of the work. */
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { Misuse } from '../../store/errors.ts'
import { MARK_WAIT_MS_DEFAULT, MARK_WAIT_MS_MAX } from '../../store/limits.ts'
import { type Duration, durationMs } from '../../time/duration.ts'
import type { Fenced } from '../../lease/lease.ts'
import { type Admission, admissions, type GuardOptions } from '../admission.ts'
import { openLocked } from './flock.ts'
import { fileNameOf, ownFolder, syncFolder } from './folder.ts'
import { digits } from './markers.ts'

export interface FileLockFenceOptions extends GuardOptions {
  /** How long to wait for another process that holds the mark. 1 ms – 1 h. @default '10s' */
  readonly wait?: Duration
}

/**
 * For files of any kind and number on a local file system of Linux. Every method rejects with `StaleToken` when a newer token
 * has entered, `LeaseLost` when the lease is known to be lost, `WaitTimeout` when another process holds the mark for longer
 * than `wait`, and `Unsupported` for a permit and where the system has no `flock` command.
 */
export interface FileLockFence {
  /** Raises the mark. Call it **before the first read** that is outside of `run`. A shared lease checks and does not raise. */
  enter(lease: Fenced): Promise<void>
  /** Looks, to spare useless work early. A check followed by a write guards nothing. */
  check(lease: Fenced): Promise<void>
  /**
   * Raises the mark and runs the work while other processes are kept out, however long this one is stopped in the middle. Works of
   * shared leases run together. Write to a temporary file and rename it: the lock keeps others out, and undoes nothing.
   */
  run<T>(lease: Fenced, work: () => Promise<T> | T): Promise<T>
}

/** Of 20 digits and a line end, in the first sector of its file: it is written whole. */
const MARK = /^\d{20}\n$/
const MARK_BYTES = 21

/**
 * A guard that keeps its marks in this folder, one file for each lock; the data may be anywhere. The folder is made at the first
 * use for its owner alone.
 *
 * @example
 * ```ts
 * const guard = flockFence('/var/lib/shop/marks')
 * await guard.run(lease, async () => {
 *   await writeFile('prices.json.new', prices, { flush: true })
 *   await rename('prices.json.new', 'prices.json')
 * })
 * ```
 */
export function flockFence(folder: string, options: FileLockFenceOptions = {}): FileLockFence {
  if (typeof folder !== 'string' || folder === '' || folder.includes('\0')) {
    throw new Misuse('a guard for files takes the path of a folder')
  }
  const admit = admissions(options, 'files')
  const waitMs = durationMs('wait', options.wait ?? MARK_WAIT_MS_DEFAULT, { minMs: 1, maxMs: MARK_WAIT_MS_MAX })
  const locked = async <T>(admission: Admission, work: (file: FileHandle) => Promise<T> | T): Promise<T> => {
    await ownFolder(folder)
    const kind = admission.raises ? 'exclusive' : 'shared'
    const file = await openLocked(join(folder, fileNameOf(admission.resource)), { kind, waitMs })
    try {
      return await work(file)
    } finally {
      await file.close()
    }
  }
  const pass = async (file: FileHandle, admission: Admission): Promise<void> => {
    const mark = await compare(file, admission)
    if (!admission.raises || mark === admission.token) return
    await file.write(`${digits(admission.token)}\n`, 0)
    await file.sync()
    if (mark === 0n) await syncFolder(folder)
  }
  return {
    async enter(lease) {
      const admission = admit(lease)
      await locked(admission, async (file) => await pass(file, admission))
    },
    async check(lease) {
      const admission = { ...admit(lease), raises: false }
      await locked(admission, async (file) => await compare(file, admission))
    },
    async run(lease, work) {
      const admission = admit(lease)
      return await locked(admission, async (file) => {
        lease.assertHeld()
        await pass(file, admission)
        return await work()
      })
    },
  }
}

/** Returns the mark, unless it is newer. */
async function compare(file: FileHandle, { resource, token, stale }: Admission): Promise<bigint> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MARK_BYTES + 1), 0, MARK_BYTES + 1, 0)
  // Made and not written: no token has passed.
  if (bytesRead === 0) return 0n
  const text = buffer.toString('latin1', 0, bytesRead)
  if (!MARK.test(text)) throw unreadable(resource)
  const mark = BigInt(text.trimEnd())
  if (mark > token) throw stale(mark)
  return mark
}

/** Nothing is taken for a mark of 0 that is none. */
function unreadable(resource: string): Misuse {
  return new Misuse(
    `${resource}: the file of its mark is damaged. Write the highest token that was admitted into it, 20 digits and a line end, or ` +
      'remove it where no old holder can be left',
    { resource },
  )
}
