/** A lock of the operating system on an open file (`flock`), which stays while this process is stopped and ends with it. */
import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Unsupported, WaitTimeout } from '../../store/errors.ts'
import { formatMs } from '../../time/duration.ts'
import { hasCode } from './folder.ts'

export interface FlockRequest {
  readonly kind: 'exclusive' | 'shared'
  readonly waitMs: number
}

/** What `flock` of util-linux answers when it waited in vain. */
const CONFLICT = 75
const WORDS_MAX = 200

/** The file, locked until it is closed. */
export async function openLocked(path: string, { kind, waitMs }: FlockRequest): Promise<FileHandle> {
  const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0)
  const file = await open(path, flags, 0o600)
  try {
    const { code, words } = await flock(file.fd, kind, waitMs)
    if (code === 0) return file
    if (code === CONFLICT) {
      throw new WaitTimeout(`${path}: another process held it for longer than ${formatMs(waitMs)} (wait)`, {
        waitedMs: waitMs,
      })
    }
    throw unsupported(words)
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * The lock belongs to the open file and not to a process, so the command that takes it may end: it was given our descriptor, and
 * the lock lives as long as that one is open here. Node has no call for it.
 */
async function flock(descriptor: number, kind: FlockRequest['kind'], waitMs: number): Promise<FlockResult> {
  const args = [`--${kind}`, '--conflict-exit-code', String(CONFLICT), '--timeout', String(waitMs / 1_000), '3']
  return await new Promise((resolve, reject) => {
    const child = spawn('flock', args, { stdio: ['ignore', 'ignore', 'pipe', descriptor] })
    let words = ''
    child.stderr?.on('data', (data: Buffer) => (words = (words + data.toString()).slice(0, WORDS_MAX)))
    child.on('error', (error) => reject(hasCode(error, 'ENOENT') ? unsupported(error.message) : error))
    child.on('close', (code) => resolve({ code, words }))
  })
}

interface FlockResult {
  readonly code: number | null
  readonly words: string
}

function unsupported(words: string): Unsupported {
  return new Unsupported(
    `this system has no command "flock" that can lock a file of ours (${words.trim()}). Install util-linux, or use fence(folder), ` +
      'which needs no lock',
  )
}
