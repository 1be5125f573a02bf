/** The store: each line of claims is one Lease, changed where its version is the one seen, and a watch tells of changes. */
import type { Store } from '../../store/store.ts'
import type { KubernetesAddress } from '../kubernetes-driver/address.ts'
import { openKubernetes } from '../kubernetes-driver/open.ts'
import { swapStore } from '../records/swap.ts'
import { KubernetesEngine } from './engine.ts'

export function kubernetesStore(address: KubernetesAddress): Store {
  return swapStore(async (environment, onNotice) => {
    const engine = new KubernetesEngine(await openKubernetes(address, environment), environment, onNotice)
    try {
      await engine.open()
      return engine
    } catch (error) {
      await engine.close()
      throw error
    }
  })
}
