/** Folders of a guard: made on demand for their owner alone, never entered through a link, listed, and synced. */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir } from 'node:fs/promises'
import { Misuse } from '../../store/errors.ts'

const OWNER_ONLY = 0o700
const WRITABLE_BY_ALL = 0o002

/** A folder, or `Misuse` where another user could have prepared what stands in it. */
export async function ownFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: OWNER_ONLY })
  const found = await lstat(path)
  if (!found.isDirectory()) throw new Misuse(`${path}: a guard keeps its files in a folder, and this is none`)
  if (process.platform !== 'win32' && (found.mode & WRITABLE_BY_ALL) !== 0) {
    throw new Misuse(`${path}: every user may write in it, so every user could lower a mark. Make it: chmod o-w`)
  }
  return path
}

/** A name for what belongs to a lock: of one length, and the same where a file system folds upper and lower case. */
export function fileNameOf(resource: string): string {
  return createHash('sha256').update(resource).digest('hex')
}

/** The names that follow the pattern, lowest first. Of a small folder the system lists all at once. */
export async function namesIn(folder: string, pattern: RegExp): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => pattern.test(name)).toSorted()
}

/** What was made or renamed in it is there after a crash of the machine. Windows has no such call, and does it by itself. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
