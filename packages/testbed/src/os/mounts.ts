/** What is mounted beneath our folders. Synchronous: it is the last thing done in a process that ends. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const UNMOUNT_WITHIN_MS = 10_000

/** The innermost first. */
export function mountsBeneath(folder: string): readonly string[] {
  return mountPoints()
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
    .toSorted((a, b) => b.length - a.length)
}

/**
 * Unmounts whatever is mounted there. While a process still uses it, it goes with that process. Without this,
 * deleting a folder would empty the disk that is mounted in it and leave the disk. Another process may do the same at this
 * moment, so it fails only where it is still mounted.
 */
export function unmountBeneath(folder: string): void {
  for (const path of mountsBeneath(folder)) {
    const { status, error } = spawnSync('umount', ['--lazy', path], { timeout: UNMOUNT_WITHIN_MS, stdio: 'ignore' })
    if (status !== 0 && mountPoints().includes(path)) throw new Error(`cannot unmount ${path}`, { cause: error })
  }
}

/** Field 5 of each line of proc_pid_mountinfo(5), where blanks and the like are written as octal numbers. */
function mountPoints(): readonly string[] {
  try {
    const lines = readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n')
    return lines.map((line) =>
      (line.split(' ')[4] ?? '').replaceAll(/\\(\d{3})/g, (_, octal: string) =>
        String.fromCodePoint(Number.parseInt(octal, 8)),
      ),
    )
  } catch {
    return []
  }
}
