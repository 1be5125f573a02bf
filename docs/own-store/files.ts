/**
 * A store in a folder, without a database: version n of a line is the file `<line>/<n>`. A file appears under its name by
 * `link()`, which fails when the name is taken, and that is all the compare-and-set there is. Files have no clock, so
 * expiry is observed. Every process that shares the folder shares the locks.
 */
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Facts, Store } from 'holdfast'
import { type StoredText, swapStore } from 'holdfast/records'

const facts: Facts = {
  engine: 'versioned files',
  safetyClass: 'best-effort',
  reasons: ['A power cut may undo the last versions, because the example does not flush them.'],
  clock: 'the monotonic clock of each contender, from its own first sight of a holder',
  expiry: 'observed',
  tokens: 'last + 1, in the newest version; a line that is new starts at the wall clock in µs',
  order: 'fifo',
  wakeUp: 'poll',
  ttl: { per: 'claim', granularityMs: 1, minMs: 500, maxMs: 86_400_000, takeoverMs: 500 },
  lockRisks: ['clocks whose rates differ by more than 1 %'],
  tokenRisks: ['deleting a line, or restoring an old one, together with a clock that is set back'],
  unsupported: {},
}

/** Older versions are deleted; a reader that meets one being deleted looks again. */
const VERSIONS_KEPT = 8

export function fileStore(folder: string): Store {
  // Hex, because a file system may not tell capitals apart and a key has both.
  const lineOf = (key: string): string =>
    join(
      folder,
      Buffer.from(key)
        .toString('hex')
        .replace(/.{200}(?=.)/g, '$&/'),
      'line',
    )
  const newest = async (key: string): Promise<number> => {
    const names = await readdir(lineOf(key)).catch(() => [])
    return Math.max(0, ...names.filter((name) => /^\d+$/.test(name)).map(Number))
  }
  const read = async (key: string): Promise<StoredText | undefined> => {
    for (;;) {
      const version = await newest(key)
      if (version === 0) return undefined
      const text = await readFile(join(lineOf(key), String(version)), 'utf8').catch(() => undefined)
      if (text !== undefined) return { text, version: String(version) }
    }
  }
  return swapStore(async () => {
    await mkdir(folder, { recursive: true })
    return {
      facts,
      read: async (key) => ({ stored: await read(key) }),
      async swap(key, seen, text) {
        const [line, version] = [lineOf(key), Number(seen ?? 0) + 1]
        const written = join(line, `writing-${crypto.randomUUID()}`)
        await mkdir(line, { recursive: true })
        await writeFile(written, text)
        try {
          // An old version may have been deleted, and its name is free again: so it must be the newest one that was seen.
          if ((await newest(key)) !== version - 1) return { current: await read(key) }
          await link(written, join(line, String(version)))
          await rm(join(line, String(version - VERSIONS_KEPT)), { force: true })
          return { version: String(version) }
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'EEXIST') return { current: await read(key) }
          throw error
        } finally {
          await rm(written, { force: true })
        }
      },
      async list(prefix, after, limit) {
        const found = await readdir(folder, { recursive: true })
        const keys = found
          .filter((name) => name.endsWith('line'))
          .map((name) => Buffer.from(name.replaceAll(/\W|line$/g, ''), 'hex').toString())
        return keys
          .filter((key) => key.startsWith(prefix) && key > after)
          .toSorted()
          .slice(0, limit)
      },
    }
  })
}
