/** The marks of one lock as empty files, one for each token that entered: making one needs no lock, and cannot lower a mark. */
import { open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Admission } from '../admission.ts'
import { hasCode, namesIn, ownFolder, syncFolder } from './folder.ts'

const MARKER = /^m\.\d{20}$/
/**
 * Markers that are kept. One would do, but a folder that is listed while markers come and go may show neither the old nor the
 * new one; so many do not go during one listing.
 */
const MARKERS_KEPT = 16

export class Markers {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Throws `StaleToken` where a newer token has entered. */
  async compare(admission: Admission): Promise<void> {
    const newest = await this.newest()
    if (newest > admission.token) throw admission.stale(newest)
  }

  /** Compares, and leaves the marker of an exclusive holder. */
  async pass(admission: Admission): Promise<void> {
    await this.compare(admission)
    if (!admission.raises) return
    await ownFolder(this.#folder)
    try {
      await (await open(join(this.#folder, `m.${digits(admission.token)}`), 'wx', 0o600)).close()
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return
      throw error
    }
    await syncFolder(this.#folder)
    // One that came at the same moment is newer: whether it came before or after is not known, so this one is too late.
    await this.compare(admission)
    await this.#prune()
  }

  async newest(): Promise<bigint> {
    const last = (await this.#names()).at(-1)
    return last === undefined ? 0n : BigInt(last.slice(2))
  }

  async #names(): Promise<readonly string[]> {
    try {
      return await namesIn(this.#folder, MARKER)
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return []
      throw error
    }
  }

  async #prune(): Promise<void> {
    for (const name of (await this.#names()).slice(0, -MARKERS_KEPT)) await removeFile(join(this.#folder, name))
  }
}

/** 20 digits, so that the order of names is the order of tokens. */
export function digits(token: bigint): string {
  return String(token).padStart(20, '0')
}

/** Of one that another process has removed already, nothing is said. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}
