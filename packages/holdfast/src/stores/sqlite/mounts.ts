/**
 * A file that was mounted alone, as `docker run -v /srv/locks.db:/locks.db` does, is the same file elsewhere; but what
 * SQLite keeps beside it is not, so the users here and there see neither one another's changes nor their locks.
 */
import { readFileSync } from 'node:fs'
import { unavailable } from './errors.ts'

/** Field 5 of a line of mountinfo (proc_pid_mountinfo(5)): where it is mounted, with white space as octal numbers. */
const MOUNT_POINT = 4

export function refuseMountPoint(file: string): void {
  if (!mountPoints().includes(file)) return
  throw unavailable(
    file,
    'is mounted into this place alone, without the files that SQLite keeps beside it, so locks here and where it comes ' +
      'from would not exclude one another: mount the folder that it is in',
  )
}

/** Nothing on systems without /proc, which have no such mounts either. */
function mountPoints(): readonly string[] {
  let table: string
  try {
    table = readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    return []
  }
  return table.split('\n').map((line) => unescaped(line.split(' ')[MOUNT_POINT] ?? ''))
}

function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
