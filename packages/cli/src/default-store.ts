/**
 * The default lock file is one per user and machine: two users, two containers or two hosts with one each do not exclude
 * each other, and nothing would say so. Where another user or machine may be meant, a run says which file it uses.
 */
import { existsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import type { Printer, Streams } from './printer.ts'
import { SHARED_EXAMPLE } from './store-choice.ts'

/** Left there by Docker and Podman. */
const CONTAINER_MARKS = ['/.dockerenv', '/run/.containerenv']

export function tellDefaultStore(printer: Printer, environment: NodeJS.ProcessEnv, path: string): void {
  const reasons = reasonsToTell(environment, printer.streams)
  if (reasons.length === 0) return
  printer.tell(
    `the lock is in ${path}, which only runs of this user on this machine see (${reasons.join('; ')}). To share it, name one ` +
      `store for all of them: --store or HOLDFAST_STORE, such as ${SHARED_EXAMPLE} or redis://host:6379. ` +
      '--store sqlite: means this file, without this message',
    { event: 'defaultStore', store: `sqlite:${path}`, because: reasons.join('; ') },
  )
}

function reasonsToTell(environment: NodeJS.ProcessEnv, streams: Streams): readonly string[] {
  const reasons: string[] = []
  if (isContainer(environment)) reasons.push('this is a container')
  if (environment['HOME'] === undefined) reasons.push('HOME is not set')
  const owner = ownerOfHome()
  const user = process.getuid?.()
  const sudoer = environment['SUDO_USER']
  if (user === 0 && sudoer !== undefined && sudoer !== '' && sudoer !== 'root') {
    reasons.push(`root runs it for ${sudoer}, whose own runs use another file`)
  } else if (owner !== undefined && user !== undefined && owner !== user) {
    reasons.push(`the home folder belongs to another user (uid ${owner})`)
  }
  if (![streams.stdin, streams.stdout, streams.stderr].some(({ isTTY }) => isTTY)) {
    reasons.push('there is no terminal, as in cron or a service')
  }
  return reasons
}

function isContainer(environment: NodeJS.ProcessEnv): boolean {
  const isMarked = CONTAINER_MARKS.some((mark) => existsSync(mark))
  return isMarked || Boolean(environment['container']) || environment['KUBERNETES_SERVICE_HOST'] !== undefined
}

function ownerOfHome(): number | undefined {
  try {
    return statSync(homedir()).uid
  } catch {
    return undefined
  }
}
