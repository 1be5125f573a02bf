/** Which faults there are for which store, and why another one cannot be had. */
import { kill, pause } from './client-faults.ts'
import type { Fault } from './fault.ts'
import { busy, wipe } from './sqlite-faults.ts'

export interface StoreFaults {
  /** In the order of the documentation. */
  readonly faults: ReadonlyMap<string, Fault>
  /** What somebody might ask for, and why it means nothing here. */
  readonly meaningless: ReadonlyMap<string, string>
  /** Those of a run that does not say. `wipe` is not among them: it breaks what this store does not promise. */
  readonly usual: readonly string[]
}

const noConnection = 'every process opens the lock file itself: there is no connection'
const noServer = 'every process opens the lock file itself: there is no server'

const stores: ReadonlyMap<string, StoreFaults> = new Map([
  [
    'sqlite',
    {
      faults: new Map([
        ['pause', pause],
        ['kill', kill],
        ['busy', busy],
        ['wipe', wipe],
      ]),
      meaningless: new Map([
        ['cut', noConnection],
        ['black-hole', noConnection],
        ['lose-replies', noConnection],
        ['delay', noConnection],
        ['partition', noConnection],
        ['pause-server', noServer],
        ['kill-server', noServer],
        ['failover', noServer],
      ]),
      usual: ['pause', 'kill', 'busy'],
    },
  ],
])

export function faultsOf(scheme: string): StoreFaults | undefined {
  return stores.get(scheme)
}

export const storesWithFaults: readonly string[] = [...stores.keys()]
