/** What a command finds in its environment of the locks it runs under. */
import type { Lease } from 'holdfast'
import { heldVariable } from './ancestry.ts'
import type { Opened } from './context.ts'

/** Empty rather than absent where there is none: what a run around this one left there is not of these locks. */
export async function environmentOf(
  leases: readonly [Lease, ...Lease[]],
  { store, namespace }: Opened,
  environment: NodeJS.ProcessEnv,
): Promise<Record<string, string>> {
  const sequencers = leases.map(({ sequencer }) => sequencer)
  const [only] = leases.length === 1 ? leases : []
  return {
    HOLDFAST_TOKEN: only?.tokenText ?? '',
    HOLDFAST_SEQUENCER: only?.sequencer ?? '',
    HOLDFAST_NAME: only?.name ?? '',
    HOLDFAST_NAMES: JSON.stringify(leases.map(({ name }) => name)),
    HOLDFAST_SEQUENCERS: JSON.stringify(sequencers),
    HOLDFAST_NAMESPACE: namespace,
    ...(await store.environment()),
    ...heldVariable(environment, sequencers),
  }
}
