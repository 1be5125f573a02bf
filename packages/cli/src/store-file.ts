/**
 * A store URL in a file, because every user of the machine sees the arguments of a command (`ps`), and a password in them.
 * A user who may read the file has the password, and one who may write it decides which locks there are.
 */
import { readFileSync, realpathSync, statSync, type Stats } from 'node:fs'
import { resolve } from 'node:path'
import { exitCodes, Failure } from './exit-codes.ts'

const BYTES_MAX = 4_096
const OTHERS_READ = 0o004
const OTHERS_WRITE = 0o002
/** A service manager and an orchestrator guard what they put there themselves, and show it to one service alone. */
const GUARDED = [/^\/run\/(?:secrets|credentials)\//, /\/\.\.[^/]+\//]

/** The URL, without the newline at its end. Throws what is wrong, and never what is in the file. */
export function readStoreFile(file: string): string {
  const path = resolve(file)
  const shown = JSON.stringify(path)
  let [url, stats, place]: [string, Stats | undefined, string] = ['', undefined, '']
  try {
    stats = statSync(path)
    place = realpathSync(path)
    if (stats.isFile() && stats.size <= BYTES_MAX) url = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw refused(`the store file ${shown} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (!stats.isFile()) throw refused(`the store file ${shown} is not a file`)
  if (stats.size > BYTES_MAX)
    throw refused(`the store file ${shown} is longer than ${BYTES_MAX} bytes: it holds one URL`)
  if (url === '') throw refused(`the store file ${shown} is empty: it holds the URL of the store`)
  if (/[\r\n]/.test(url)) throw refused(`the store file ${shown} has more than one line: it holds one URL`)
  refuseOpenFile(shown, stats.mode, { isGuarded: GUARDED.some((guarded) => guarded.test(place)), url })
  return url
}

function refuseOpenFile(
  shown: string,
  mode: number,
  { isGuarded, url }: { readonly isGuarded: boolean; readonly url: string },
): void {
  if (process.platform === 'win32') return
  if ((mode & OTHERS_WRITE) !== 0) {
    throw refused(`every user may write to the store file ${shown}, and so choose where the locks are: chmod o-w`)
  }
  if (isGuarded || !url.includes('@') || (mode & OTHERS_READ) === 0) return
  throw refused(`every user may read the store file ${shown}, and the password in it: chmod o-r`)
}

function refused(message: string): Failure {
  return new Failure(exitCodes.usage, message)
}
