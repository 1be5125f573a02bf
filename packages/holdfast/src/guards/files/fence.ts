/**
 * The guard for files without locks: markers say which tokens have entered, each write is a new file, and a writer looks at the
 * markers before and after its file is seen. What it can and cannot promise is in docs/guards.md#files.
 */
import { join } from 'node:path'
import { Misuse, OutcomeUnknown } from '../../store/errors.ts'
import { resourceOf } from '../../store/names.ts'
import type { Fenced } from '../../lease/lease.ts'
import { type Admission, admissions, type GuardOptions } from '../admission.ts'
import { fileNameOf, hasCode, ownFolder } from './folder.ts'
import { Markers, removeFile } from './markers.ts'
import { Versions } from './versions.ts'

export interface FileEntry {
  readonly value: Buffer
  /** The token it was written with. */
  readonly token: bigint
}

/**
 * One file for each lock, in a folder of a local file system. Every method rejects with `StaleToken` when a newer token has
 * entered, `LeaseLost` when the lease is known to be lost, `Unsupported` for a permit, `Misuse` for anything else that cannot
 * be fenced or for a folder that every user may write in. Errors of the file system pass through as they are.
 */
export interface FileFence {
  /** Leaves the marker of the token. Call it **before the first read**. A shared lease checks and leaves none. */
  enter(lease: Fenced): Promise<void>
  /** Looks, to spare useless work early. A check followed by a write guards nothing. */
  check(lease: Fenced): Promise<void>
  /** What was written last, whole; null when nothing was. */
  read(lock: Pick<Fenced, 'namespace' | 'name'>): Promise<FileEntry | null>
  /**
   * Replaces what is there. Rejects with `StaleToken` when a newer token had entered before, and nothing is seen; and with
   * `OutcomeUnknown` when one entered in the very moment in which the file came into sight: whether its holder has read the old
   * or the new contents, nobody can tell.
   */
  write(lease: Fenced, value: string | Uint8Array): Promise<void>
}

/**
 * A guard that keeps its files in this folder, which is made at the first use for its owner alone. Opens nothing yet.
 *
 * @example
 * ```ts
 * const guard = fence('/var/lib/shop/reports')
 * await guard.enter(lease)
 * const entry = await guard.read(lease)
 * await guard.write(lease, addTo(entry?.value))
 * ```
 */
export function fence(folder: string, options: GuardOptions = {}): FileFence {
  if (typeof folder !== 'string' || folder === '' || folder.includes('\0')) {
    throw new Misuse('a guard for files takes the path of a folder')
  }
  const admit = admissions(options, 'files')
  const placeOf = (resource: string): string => join(folder, fileNameOf(resource))
  const partsOf = (resource: string): FileParts => {
    const place = placeOf(resource)
    return { markers: new Markers(join(place, 'markers')), versions: new Versions(join(place, 'versions')) }
  }
  return {
    async enter(lease) {
      const admission = admit(lease)
      await ownFolder(folder)
      await partsOf(admission.resource).markers.pass(admission)
    },
    async check(lease) {
      const admission = admit(lease)
      await partsOf(admission.resource).markers.compare(admission)
    },
    read: async ({ namespace, name }) => await partsOf(resourceOf(namespace, name)).versions.current(),
    async write(lease, value) {
      const admission = admit(lease)
      await ownFolder(folder)
      await replace(partsOf(admission.resource), admission, value)
    },
  }
}

interface FileParts {
  readonly markers: Markers
  readonly versions: Versions
}

async function replace(
  { markers, versions }: FileParts,
  admission: Admission,
  value: string | Uint8Array,
): Promise<void> {
  await markers.pass(admission)
  const draft = await versions.draft(admission.token, value)
  try {
    await markers.compare(admission)
    await versions.publish(admission.token, draft)
  } catch (error) {
    if (error instanceof OutcomeUnknown) throw error
    await removeFile(draft)
    // A newer holder clears away the drafts of older ones.
    if (hasCode(error, 'ENOENT')) await markers.compare(admission)
    throw error
  }
  const newest = await markers.newest()
  if (newest > admission.token) throw overtaken(admission, newest)
  await versions.prune(newest)
}

function overtaken({ resource, token }: Admission, newest: bigint): OutcomeUnknown {
  return new OutcomeUnknown(
    `${resource}: while token ${token} wrote, token ${newest} entered, and may have read before or after. Take the lock again ` +
      'and read what is there',
  )
}
