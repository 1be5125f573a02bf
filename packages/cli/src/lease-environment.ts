/** What a command finds in its environment of the lock it runs under. */
import type { Lease } from 'holdfast'
import { heldVariable } from './ancestry.ts'
import type { Opened } from './context.ts'

export async function environmentOf(
  lease: Lease,
  { store }: Opened,
  environment: NodeJS.ProcessEnv,
): Promise<Record<string, string>> {
  return {
    HOLDFAST_TOKEN: String(lease.token),
    HOLDFAST_SEQUENCER: lease.sequencer,
    HOLDFAST_NAME: lease.name,
    HOLDFAST_NAMESPACE: lease.namespace,
    ...(await store.environment()),
    ...heldVariable(environment, lease.sequencer),
  }
}
