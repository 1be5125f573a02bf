/** What was written under one lock, each version a file that is made whole or not at all; the highest name is the current one. */
import { constants } from 'node:fs'
import { link, open } from 'node:fs/promises'
import { join } from 'node:path'
import { OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { newClaimId } from '../../store/claim.ts'
import { hasCode, namesIn, ownFolder, syncFolder } from './folder.ts'
import { digits, removeFile } from './markers.ts'

const VERSION = /^d\.\d{20}\.\d{6}$/
const DRAFT = /^t\.\d{20}\./
/** Versions that are kept, for readers that have listed the folder and not opened the file yet. */
const VERSIONS_KEPT = 16
const READS_MAX = 10
const VERSIONS_OF_A_TOKEN_MAX = 999_999

export interface Version {
  readonly value: Buffer
  readonly token: bigint
}

export class Versions {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async current(): Promise<Version | null> {
    for (let reads = 0; reads < READS_MAX; reads += 1) {
      const last = (await this.#names(VERSION)).at(-1)
      if (last === undefined) return null
      const value = await contentsOf(join(this.#folder, last))
      // Enough newer versions came since the listing for this one to be gone.
      if (value !== undefined) return { value, token: tokenIn(last) }
    }
    throw new StoreUnavailable(`${this.#folder}: ${READS_MAX} times the file to read had been replaced. Read again`)
  }

  /** On the disk, and no reader sees it yet. */
  async draft(token: bigint, value: string | Uint8Array): Promise<string> {
    await ownFolder(this.#folder)
    const path = join(this.#folder, `t.${digits(token)}.${newClaimId()}`)
    const handle = await open(path, 'wx', 0o600)
    try {
      await handle.writeFile(value)
      await handle.sync()
    } finally {
      await handle.close()
    }
    return path
  }

  /** Readers see it from now on, unless there is one of a higher token. */
  async publish(token: bigint, draft: string): Promise<void> {
    const own = `d.${digits(token)}.`
    for (;;) {
      const last = (await this.#names(VERSION)).findLast((name) => name.startsWith(own))
      const number = last === undefined ? 1 : Number(last.slice(own.length)) + 1
      if (number > VERSIONS_OF_A_TOKEN_MAX) throw tooMany(own)
      try {
        // A rename would replace the version of another process with the same token.
        await link(draft, join(this.#folder, own + String(number).padStart(6, '0')))
        break
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error
      }
    }
    try {
      await syncFolder(this.#folder)
      await removeFile(draft)
    } catch (cause) {
      throw new OutcomeUnknown(`${this.#folder}: it was written, and may be gone after a crash of the machine`, {
        cause,
      })
    }
  }

  /** Removes what is too old to be read, and drafts of processes that died over them: a newer token has entered since. */
  async prune(newest: bigint): Promise<void> {
    const versions = await this.#names(VERSION)
    const drafts = (await this.#names(DRAFT)).filter((name) => tokenIn(name) < newest)
    for (const name of [...versions.slice(0, -VERSIONS_KEPT), ...drafts]) await removeFile(join(this.#folder, name))
  }

  async #names(pattern: RegExp): Promise<readonly string[]> {
    try {
      return await namesIn(this.#folder, pattern)
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return []
      throw error
    }
  }
}

function tokenIn(name: string): bigint {
  return BigInt(name.slice(2, 22))
}

async function contentsOf(path: string): Promise<Buffer | undefined> {
  try {
    const handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    try {
      return await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function tooMany(own: string): StoreUnavailable {
  return new StoreUnavailable(
    `${own}: ${VERSIONS_OF_A_TOKEN_MAX} versions were written with one token. Take the lock again`,
    { isFinal: true },
  )
}
