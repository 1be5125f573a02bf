/**
 * Which locks are held by the runs that this process is inside of. A run of the same name in there would wait for its
 * own ancestor for a day; the list travels in the environment, and the store says whether an entry is still true.
 */
import { type Locks, parseSequencer } from 'holdfast'
import { exitCodes, Failure } from './exit-codes.ts'

const VARIABLE = 'HOLDFAST_HELD'
/** More nested runs than this is a mistake of another kind. */
const ENTRIES_MAX = 100

/** The environment variable for a command that holds these locks as well. */
export function heldVariable(environment: NodeJS.ProcessEnv, sequencers: readonly string[]): Record<string, string> {
  return { [VARIABLE]: JSON.stringify([...sequencersIn(environment), ...sequencers].slice(-ENTRIES_MAX)) }
}

/** Throws when a run around this one holds one of the wanted locks now. */
export async function refuseOwnAncestor(
  { locks, namespace }: { readonly locks: Locks; readonly namespace: string },
  wanted: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  for (const sequencer of sequencersIn(environment)) {
    const name = nameIn(sequencer, namespace)
    if (name === undefined || !wanted.includes(name)) continue
    // The lock may be one of another store, and a process may outlive the run it came from: only a live token is a dead-lock.
    if ((await locks.check(sequencer)) !== 'live') continue
    throw new Failure(
      exitCodes.usage,
      `a run around this one holds "${name}" already, so waiting for it would never end. ` +
        'Drop the inner run, give it another name, or use --no-wait to be told that it is busy.',
    )
  }
}

/** Absent for a lock of another namespace, and for a text that is no sequencer. */
function nameIn(sequencer: string, namespace: string): string | undefined {
  try {
    const stated = parseSequencer(sequencer)
    return stated.namespace === namespace ? stated.name : undefined
  } catch {
    return undefined
  }
}

/** Text from outside: whatever is not a list of strings counts as empty. */
function sequencersIn(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    const list: unknown = JSON.parse(environment[VARIABLE] ?? '[]')
    return Array.isArray(list) ? list.filter((entry) => typeof entry === 'string').slice(-ENTRIES_MAX) : []
  } catch {
    return []
  }
}
