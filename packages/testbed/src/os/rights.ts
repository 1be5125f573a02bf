/**
 * What this machine lets us do to itself. A fault that needs more than there is, is named together with what is missing:
 * it is never left out in silence.
 */
import { readFileSync } from 'node:fs'
import { EngineNotAvailable } from '../engines/engine.ts'
import { run, which } from '../engines/command.ts'
import type { SkippableTest } from '../engines/require-engine.ts'

/** `none`: any user. `netns`: network namespaces, of root or of a user namespace. `root`: nothing less. */
export type Rights = 'none' | 'netns' | 'root'

const TRY_WITHIN_MS = 5_000

/** Rights cannot be installed as a program can, so this is a reason to skip even where an engine must be there. */
export class RightsMissing extends EngineNotAvailable {
  readonly needs: Rights

  constructor(what: string, needs: Rights, reason: string) {
    super(what, `it needs ${needs === 'netns' ? 'network namespaces' : needs}; ${reason}`)
    this.name = 'RightsMissing'
    this.needs = needs
  }
}

/** Words that put a command into new namespaces of ours: of the network, as root or as the root of a namespace of users. */
export type NetworkWords = readonly [string, ...string[]]

/** Rejects with `RightsMissing`. A container's root may be as powerless to mount as another user, so it is tried. */
export async function requireRoot(what: string): Promise<void> {
  if (process.platform !== 'linux') throw new RightsMissing(what, 'root', 'this is no Linux')
  if (process.getuid?.() !== 0) throw new RightsMissing(what, 'root', 'this is an ordinary user')
  if (!isRootOfTheMachine()) throw new RightsMissing(what, 'root', 'this is only the root of a namespace of users')
  if (await succeeds('unshare', ['--mount', 'true'])) return
  throw new RightsMissing(what, 'root', 'this root may not mount, as in many containers')
}

/** Rejects with `RightsMissing`; else how to enter a new network namespace. */
export async function requireNetworkNamespaces(what: string): Promise<NetworkWords> {
  if (process.platform !== 'linux') throw new RightsMissing(what, 'netns', 'this is no Linux')
  if (process.getuid?.() === 0 && (await succeeds('unshare', ['--net', 'true']))) return ['unshare', '--net']
  const rootless = ['--user', '--map-root-user', '--net']
  if (await succeeds('unshare', [...rootless, 'true'])) return ['unshare', ...rootless]
  throw new RightsMissing(what, 'netns', 'neither this user nor the root of a user namespace may make them')
}

/** The highest level there is, and why there is no higher one. */
export async function rightsReached(): Promise<{ readonly rights: Rights; readonly because: string }> {
  const root = await missing(requireRoot('more'))
  if (root === undefined) return { rights: 'root', because: 'root may mount' }
  const network = await missing(requireNetworkNamespaces('more'))
  return network === undefined
    ? { rights: 'netns', because: root.reason }
    : { rights: 'none', because: `${root.reason}; ${network.reason}` }
}

/**
 * For tests of what needs rights: skips by name with the reason. A program that is missing is another matter, and fails
 * where CI is set.
 */
export async function requireAbility<T>(test: SkippableTest, ability: () => Promise<T>): Promise<T> {
  try {
    return await ability()
  } catch (error) {
    const isMandatory = process.env['CI'] === 'true' && !(error instanceof RightsMissing)
    if (!(error instanceof EngineNotAvailable) || isMandatory) throw error
    const { skip } = test
    return skip(error.message)
  }
}

/** In a namespace of users every id is another one outside, but for root of a namespace that covers all. */
function isRootOfTheMachine(): boolean {
  try {
    return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'))
  } catch {
    return true
  }
}

async function missing(required: Promise<unknown>): Promise<RightsMissing | undefined> {
  try {
    await required
    return undefined
  } catch (error) {
    if (error instanceof RightsMissing) return error
    throw error
  }
}

async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  const path = await which(program)
  if (path === undefined) return false
  return run(path, args, { withinMs: TRY_WITHIN_MS }).then(
    () => true,
    () => false,
  )
}
